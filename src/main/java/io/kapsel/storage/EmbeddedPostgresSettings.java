package io.kapsel.storage;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * @param directory holds what the database needs between starts: cluster, password, server log
 * @param binaries where the server is unpacked, once; a directory of its own or shared
 * @param port on 127.0.0.1; 0 takes a free one
 * @param startTimeoutMillis includes crash recovery, which replays at most {@code max_wal_size}
 * @param stopTimeoutMillis after which a fast shutdown becomes an immediate one
 * @param serverSettings override or extend {@link #SERVER_SETTINGS}
 */
public record EmbeddedPostgresSettings(
    Path directory,
    Path binaries,
    int port,
    int startTimeoutMillis,
    int stopTimeoutMillis,
    Map<String, String> serverSettings) {

  /** For a small machine that also runs the service. */
  static final List<Map.Entry<String, String>> SERVER_SETTINGS =
      List.of(
          Map.entry("fsync", "on"),
          Map.entry("synchronous_commit", "on"),
          Map.entry("full_page_writes", "on"),
          Map.entry("listen_addresses", "127.0.0.1"),
          Map.entry("unix_socket_directories", ""),
          Map.entry("max_connections", "40"),
          Map.entry("superuser_reserved_connections", "3"),
          Map.entry("shared_buffers", "256MB"),
          Map.entry("effective_cache_size", "1GB"),
          Map.entry("work_mem", "8MB"),
          Map.entry("maintenance_work_mem", "64MB"),
          Map.entry("random_page_cost", "1.1"),
          Map.entry("jit", "off"),
          Map.entry("max_worker_processes", "4"),
          Map.entry("max_parallel_workers", "0"),
          Map.entry("max_parallel_workers_per_gather", "0"),
          Map.entry("max_parallel_maintenance_workers", "0"),
          // Nothing replicates from an embedded server.
          Map.entry("wal_level", "minimal"),
          Map.entry("max_wal_senders", "0"),
          Map.entry("wal_compression", "on"),
          Map.entry("wal_buffers", "16MB"),
          Map.entry("min_wal_size", "256MB"),
          // Bounds both the disk taken and the time that recovery after a crash takes.
          Map.entry("max_wal_size", "1GB"),
          Map.entry("checkpoint_timeout", "10min"),
          Map.entry("checkpoint_completion_target", "0.9"),
          // Else what COPY wrote waits for the checkpoint's fsync, and each commit for that.
          Map.entry("backend_flush_after", "256kB"),
          Map.entry("autovacuum_max_workers", "2"),
          // A query whose client was killed must not go on.
          Map.entry("client_connection_check_interval", "1s"),
          Map.entry("log_min_messages", "warning"),
          Map.entry("log_line_prefix", "%m [%p] "),
          Map.entry("log_timezone", "UTC"),
          Map.entry("timezone", "UTC"));

  public EmbeddedPostgresSettings {
    serverSettings = Map.copyOf(serverSettings);
  }

  public static EmbeddedPostgresSettings in(Path directory) {
    return new EmbeddedPostgresSettings(directory, directory, 0, 120_000, 30_000, Map.of());
  }

  public EmbeddedPostgresSettings withBinaries(Path newBinaries) {
    return new EmbeddedPostgresSettings(
        directory, newBinaries, port, startTimeoutMillis, stopTimeoutMillis, serverSettings);
  }

  public EmbeddedPostgresSettings withPort(int newPort) {
    return new EmbeddedPostgresSettings(
        directory, binaries, newPort, startTimeoutMillis, stopTimeoutMillis, serverSettings);
  }

  public EmbeddedPostgresSettings withServerSettings(Map<String, String> newSettings) {
    return new EmbeddedPostgresSettings(
        directory, binaries, port, startTimeoutMillis, stopTimeoutMillis, newSettings);
  }
}
