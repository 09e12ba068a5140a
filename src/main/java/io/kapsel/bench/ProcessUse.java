package io.kapsel.bench;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What the service's JVM and its database have used so far (proc(5)).
 *
 * @param cpuMillis of the JVM since its start
 * @param residentBytes of the JVM now
 * @param databaseCpuMillis of the database's processes since their start, 0 when unknown
 * @param databaseConnections processes of the database
 */
record ProcessUse(
    long cpuMillis, long residentBytes, long databaseCpuMillis, int databaseConnections) {
  private static final long MILLIS_PER_TICK = 10;
  private static final int PARENT = 1;
  private static final int USER_TICKS = 11;
  private static final int SYSTEM_TICKS = 12;
  private static final int CHILDREN_TICKS = 13;

  /** Of both, the JVM and the database. */
  long cpuMillisSince(ProcessUse before) {
    return cpuMillis - before.cpuMillis + databaseCpuMillis - before.databaseCpuMillis;
  }

  static @Nullable ProcessUse of(long pid, long postmaster) {
    try {
      String[] stat = stat(pid);
      long cpu = ticks(stat, USER_TICKS) + ticks(stat, SYSTEM_TICKS);
      long databaseCpu = 0;
      int connections = 0;
      if (postmaster > 0) {
        String[] parent = stat(postmaster);
        for (int at = USER_TICKS; at <= CHILDREN_TICKS + 1; at++) databaseCpu += ticks(parent, at);
        try (DirectoryStream<Path> processes =
            Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
          for (Path each : processes) {
            String[] child = statOrNone(each);
            if (child.length == 0 || Long.parseLong(child[PARENT]) != postmaster) continue;
            databaseCpu += ticks(child, USER_TICKS) + ticks(child, SYSTEM_TICKS);
            connections++;
          }
        }
      }
      return new ProcessUse(
          cpu * MILLIS_PER_TICK, resident(pid), databaseCpu * MILLIS_PER_TICK, connections);
    } catch (IOException | NumberFormatException notLinux) {
      return null;
    }
  }

  /** The fields after the command's name, which may hold anything. */
  private static String[] stat(long pid) throws IOException {
    String line = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
    return line.substring(line.lastIndexOf(')') + 2).split(" ");
  }

  private static String[] statOrNone(Path process) {
    try {
      return stat(Long.parseLong(String.valueOf(process.getFileName())));
    } catch (IOException gone) {
      return new String[0];
    }
  }

  private static long ticks(String[] stat, int at) {
    return Long.parseLong(stat[at]);
  }

  private static long resident(long pid) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc", Long.toString(pid), "status")))
      if (line.startsWith("VmRSS:")) return 1_024L * Long.parseLong(line.replaceAll("[^0-9]", ""));
    return 0;
  }
}
