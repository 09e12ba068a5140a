package io.kapsel;

import static io.kapsel.KapselForTests.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.storage.DatabaseSettings;
import io.kapsel.testing.PostgresForTests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged service, told to stop before it serves. */
final class StopProcessIT {
  @TempDir Path directory;

  @Test
  void a_start_that_is_told_to_stop_stops_its_database_too() throws Exception {
    Process starting = start(Map.of());
    await("the database starts", () -> !postmaster().isEmpty());
    long postmaster = Long.parseLong(postmaster());
    starting.destroy();
    assertEquals(0, exitCode(starting));
    assertTrue(
        ProcessHandle.of(postmaster).isEmpty(), "the database outlived the service it belongs to");
  }

  @Test
  void a_start_that_waits_for_its_cluster_does_not_wait_when_told_to_stop() throws Exception {
    DatabaseSettings database = PostgresForTests.emptyDatabase();
    Process starting =
        start(
            Map.of(
                "KAPSEL_DATABASE_URL", database.url(),
                "KAPSEL_DATABASE_USER", database.user(),
                "KAPSEL_DATABASE_PASSWORD", database.password().value(),
                "KAPSEL_CLUSTER_PORT", String.valueOf(PackagedKapsel.freePort()),
                "KAPSEL_CLUSTER_SEED_NODES", "127.0.0.1:" + PackagedKapsel.freePort()));
    await("the cluster is looked for", () -> output().contains("Cluster Node"));
    starting.destroy();
    assertEquals(0, exitCode(starting));
  }

  private Process start(Map<String, String> environment) throws IOException {
    return PackagedKapsel.process(directory.resolve("data"), PackagedKapsel.freePort(), environment)
        .redirectOutput(directory.resolve("output").toFile())
        .start();
  }

  private static int exitCode(Process process) throws InterruptedException {
    if (process.waitFor(30, TimeUnit.SECONDS)) return process.exitValue();
    process.destroyForcibly();
    throw new AssertionError("it does not stop");
  }

  private String output() {
    return read(directory.resolve("output"));
  }

  private String postmaster() {
    List<String> lines =
        read(directory.resolve("data/postgres/postgres/postmaster.pid")).lines().toList();
    return lines.size() > 1 ? lines.getFirst().strip() : "";
  }

  private static String read(Path file) {
    try {
      return Files.exists(file) ? Files.readString(file) : "";
    } catch (IOException notYet) {
      return "";
    }
  }
}
