package io.kapsel.storage;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** One server process on one cluster directory: created, started, found again, stopped. */
final class PostgresServer {
  private static final long POLL_MILLIS = 5;
  private static final long INITDB_TIMEOUT_MILLIS = 120_000;
  private static final long IMMEDIATE_STOP_TIMEOUT_MILLIS = 5_000;
  private static final int LOG_LINES_SHOWN = 5;

  /** What {@code postmaster.pid} tells about a server that is alive. */
  record Running(ProcessHandle process, int port, boolean ready) {}

  private final Path home;
  private final Path cluster;
  private final Path log;
  private final ServerAccount account;
  private volatile @Nullable ProcessHandle process;

  PostgresServer(Path home, Path cluster, Path log, ServerAccount account) {
    this.home = home;
    this.cluster = cluster;
    this.log = log;
    this.account = account;
  }

  /** Creates the cluster; it appears under its name only when it is complete. */
  void initialise(String user, Path passwordFile) throws IOException {
    Path unfinished = cluster.resolveSibling("postgres.new");
    PostgresBinaries.deleteRecursively(unfinished);
    Files.createDirectory(unfinished);
    account.own(unfinished);
    Process initdb =
        spawn(
            List.of(
                home.resolve("bin/initdb").toString(),
                "--pgdata=" + unfinished,
                "--username=" + user,
                "--pwfile=" + passwordFile,
                "--auth=scram-sha-256",
                // The password is random and long: no need to make guessing slow.
                "--set=scram_iterations=64",
                "--encoding=UTF8",
                "--locale=C",
                "--data-checksums",
                "--no-instructions"));
    await(initdb.toHandle(), INITDB_TIMEOUT_MILLIS);
    if (initdb.isAlive() || initdb.exitValue() != 0) {
      initdb.destroyForcibly();
      throw new IOException("PostgreSQL cannot create its data directory: " + lastLogLines());
    }
    Files.move(unfinished, cluster, StandardCopyOption.ATOMIC_MOVE);
  }

  /** The server that runs on this cluster, if there is one. */
  Optional<Running> running() throws IOException {
    List<String> lines;
    try {
      lines = Files.readAllLines(pidFile());
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
    if (lines.isEmpty()) return Optional.empty();
    Optional<ProcessHandle> found =
        ProcessHandle.of(Long.parseLong(lines.get(0).strip())).filter(ProcessHandle::isAlive);
    if (found.isEmpty()) return Optional.empty();
    if (!isServerOfThisCluster(found.get())) return Optional.empty();
    int port = lines.size() > 3 ? Integer.parseInt(lines.get(3).strip()) : 0;
    boolean ready = lines.size() > 7 && lines.get(7).strip().equals("ready");
    return Optional.of(new Running(found.get(), port, ready));
  }

  private boolean isServerOfThisCluster(ProcessHandle candidate) {
    try {
      return Files.isSameFile(Path.of("/proc/" + candidate.pid() + "/cwd"), cluster);
    } catch (IOException | SecurityException e) {
      return false;
    }
  }

  /**
   * PostgreSQL refuses to start while the process id in the file exists, whoever has it now. Only
   * the id is replaced, by one that cannot exist: the rest of the file still protects against
   * backends that outlived their postmaster.
   */
  private void forgetRecycledPid() throws IOException {
    if (!Files.exists(pidFile()) || running().isPresent()) return;
    var lines = new ArrayList<>(Files.readAllLines(pidFile()));
    if (lines.isEmpty()) return;
    lines.set(0, Integer.toString(Integer.MAX_VALUE));
    Files.write(pidFile(), lines);
  }

  boolean wasStartedWith(List<String> arguments) throws IOException {
    Path file = argumentsFile();
    return Files.exists(file) && Files.readAllLines(file).equals(description(arguments));
  }

  void adopt(Running running) {
    process = running.process();
  }

  /** Returns when the server accepts connections. */
  void start(int port, List<String> arguments, long timeoutMillis) throws IOException {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
    forgetRecycledPid();
    Files.write(argumentsFile(), description(arguments));
    var command = new ArrayList<String>();
    command.add(home.resolve("bin/postgres").toString());
    command.addAll(List.of("-D", cluster.toString(), "-p", Integer.toString(port)));
    command.addAll(arguments);
    while (true) {
      long logStart = Files.exists(log) ? Files.size(log) : 0;
      Process child = spawn(command);
      process = child.toHandle();
      if (becomesReady(child, deadline)) return;
      boolean predecessorIsLeaving =
          Files.readString(log, StandardCharsets.ISO_8859_1)
              .substring((int) logStart)
              .contains("pre-existing shared memory block");
      if (child.isAlive() || !predecessorIsLeaving || System.nanoTime() > deadline) {
        child.destroyForcibly();
        throw new IOException("PostgreSQL does not start: " + lastLogLines());
      }
      pause();
    }
  }

  private boolean becomesReady(Process child, long deadline) throws IOException {
    while (child.isAlive() && System.nanoTime() < deadline) {
      Optional<Running> running = running();
      if (running.isPresent()
          && running.get().process().pid() == child.pid()
          && running.get().ready()) {
        return true;
      }
      pause();
    }
    return false;
  }

  /** Fast shutdown; past the timeout an immediate one, which the next start recovers from. */
  void stop(long timeoutMillis) throws IOException {
    ProcessHandle target = running().map(Running::process).orElse(process);
    if (target == null || !target.isAlive()) return;
    signal(target, "INT");
    if (await(target, timeoutMillis)) return;
    signal(target, "QUIT");
    if (await(target, IMMEDIATE_STOP_TIMEOUT_MILLIS)) return;
    target.destroyForcibly();
    if (!await(target, IMMEDIATE_STOP_TIMEOUT_MILLIS)) {
      throw new IOException("process " + target.pid() + " does not end");
    }
  }

  void awaitExit() throws InterruptedException {
    ProcessHandle current = process;
    if (current == null) return;
    try {
      current.onExit().get();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  long pid() {
    ProcessHandle current = process;
    return current == null ? -1 : current.pid();
  }

  private Process spawn(List<String> command) throws IOException {
    // A session of its own: Ctrl-C in the terminal must reach the service first, not the database.
    var all = new ArrayList<>(List.of("setsid"));
    all.addAll(account.command(command));
    var builder =
        new ProcessBuilder(all)
            .directory(home.toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    var environment = builder.environment();
    environment.keySet().removeIf(name -> name.startsWith("PG") || name.startsWith("LC_"));
    environment.put("LC_ALL", "C");
    environment.put("TZ", "UTC");
    Process child = builder.start();
    child.getOutputStream().close();
    return child;
  }

  private static void signal(ProcessHandle target, String signal) throws IOException {
    Process kill =
        new ProcessBuilder("sh", "-c", "kill -" + signal + " " + target.pid())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    await(kill.toHandle(), IMMEDIATE_STOP_TIMEOUT_MILLIS);
  }

  private static boolean await(ProcessHandle target, long timeoutMillis) throws IOException {
    try {
      target.onExit().get(timeoutMillis, TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (ExecutionException e) {
      throw new IOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private static void pause() throws IOException {
    try {
      TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private String lastLogLines() throws IOException {
    if (!Files.exists(log)) return "no log";
    List<String> lines = Files.readAllLines(log, StandardCharsets.ISO_8859_1);
    return String.join(
        " | ", lines.subList(Math.max(0, lines.size() - LOG_LINES_SHOWN), lines.size()));
  }

  private List<String> description(List<String> arguments) {
    var description = new ArrayList<String>();
    description.add(home.toString());
    description.addAll(arguments);
    return description;
  }

  private Path pidFile() {
    return cluster.resolve("postmaster.pid");
  }

  private Path argumentsFile() {
    return cluster.resolveSibling("postgres.arguments");
  }
}
