package io.kapsel.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A {@code kapsel serve} of its own, with its data in a directory of its own. */
final class ServerProcess implements Service {
  private static final String API_KEY = "kps_" + "b".repeat(48);
  private static final Pattern LISTENS = Pattern.compile("listens on http://[^:]+:([0-9]+)");
  private static final Pattern HISTOGRAM_TOTAL = Pattern.compile("(?m)^Total +[0-9]+ +([0-9]+)");
  private static final int LAST_WORDS_CHARS_MAX = 2_000;
  private static final long STOP_SECONDS_MAX = 60;
  private static final long START_SECONDS_MAX = 120;

  private final Path launcher;
  private final Path directory;
  private final Map<String, String> environment;
  private final int databasePort;
  private @Nullable Process process;
  private int port;
  private long startNanos;

  /**
   * @param launcher the {@code kapsel} script
   * @param changes settings that differ from the defaults, as environment variables
   */
  ServerProcess(Path launcher, Path directory, Map<String, String> changes) throws IOException {
    this.launcher = launcher;
    this.directory = directory;
    this.databasePort = freePort();
    this.environment = new TreeMap<>();
    environment.put("KAPSEL_DATA", directory.toString());
    environment.put("KAPSEL_HTTP_HOST", "127.0.0.1");
    environment.put("KAPSEL_PORT", "0");
    environment.put("KAPSEL_API_KEY", API_KEY);
    environment.put("KAPSEL_DATABASE_EMBEDDED_PORT", Integer.toString(databasePort));
    environment.put("KAPSEL_ALLOW_PRIVATE_DESTINATIONS", "true");
    environment.put("KAPSEL_LOG_LEVEL", "warn");
    // A hundred thousand endpoints are registered as fast as that goes.
    environment.put("KAPSEL_HTTP_MANAGEMENT_CALLS_PER_SECOND_MAX", "1000000");
    environment.putAll(changes);
    // Whoever interrupts the bench does not want its service to stay.
    Runtime.getRuntime().addShutdownHook(new Thread(this::close, "bench-service-end"));
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** Returns when the service says that it listens. */
  void start() throws IOException, InterruptedException {
    Files.createDirectories(directory);
    var builder = new ProcessBuilder(launcher.toString(), "serve");
    builder.environment().putAll(environment);
    builder.redirectError(ProcessBuilder.Redirect.appendTo(log().toFile()));
    startNanos = System.nanoTime();
    Process started = builder.start();
    process = started;
    var output =
        new BufferedReader(new InputStreamReader(started.getInputStream(), StandardCharsets.UTF_8));
    for (String line = output.readLine(); line != null; line = output.readLine()) {
      Matcher matcher = LISTENS.matcher(line);
      if (!matcher.find()) continue;
      port = Integer.parseInt(matcher.group(1));
      Thread.ofPlatform().daemon().name("bench-service-output").start(() -> discard(output));
      return;
    }
    started.waitFor(START_SECONDS_MAX, TimeUnit.SECONDS);
    throw new IOException("the service did not start: " + lastWords());
  }

  private String lastWords() throws IOException {
    String log = Files.readString(log());
    return log.substring(Math.max(0, log.length() - LAST_WORDS_CHARS_MAX)).strip();
  }

  private static void discard(BufferedReader output) {
    try (output) {
      while (output.readLine() != null) {}
    } catch (IOException ended) {
      // With the process.
    }
  }

  Path log() {
    return directory.resolve("service.log");
  }

  /** When the process was asked for, for measuring its start. */
  long startNanos() {
    return startNanos;
  }

  /** As a power cut would, but for the database, which goes on. */
  void kill() throws InterruptedException {
    Process running = process;
    if (running == null) return;
    running.destroyForcibly().waitFor(STOP_SECONDS_MAX, TimeUnit.SECONDS);
  }

  @Override
  public String authority() {
    return "127.0.0.1:" + port;
  }

  @Override
  public String apiKey() {
    return API_KEY;
  }

  @Override
  public @Nullable ProcessUse use() {
    Process running = process;
    return running == null ? null : ProcessUse.of(running.pid(), postmaster());
  }

  /** What is reachable in the heap: after a full collection, by the JDK's own tool. */
  long liveHeapBytes() throws IOException, InterruptedException {
    Process running = process;
    if (running == null) throw new IOException("the service does not run");
    Process tool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                Long.toString(running.pid()),
                "GC.class_histogram")
            .redirectErrorStream(true)
            .start();
    String output = new String(tool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    Matcher total = HISTOGRAM_TOTAL.matcher(output);
    if (tool.waitFor() != 0 || !total.find())
      throw new IOException("the heap cannot be seen: " + output.lines().findFirst().orElse(""));
    return Long.parseLong(total.group(1));
  }

  private long postmaster() {
    Path file = directory.resolve("postgres/postgres/postmaster.pid");
    try {
      List<String> lines = Files.readAllLines(file);
      return lines.isEmpty() ? 0 : Long.parseLong(lines.get(0).strip());
    } catch (IOException | NumberFormatException none) {
      return 0;
    }
  }

  @Override
  public @Nullable DatabaseProbe database() {
    try {
      String password = Files.readString(directory.resolve("postgres/postgres.password")).strip();
      return new DatabaseProbe(
          "jdbc:postgresql://127.0.0.1:" + databasePort + "/kapsel", "kapsel", password);
    } catch (IOException none) {
      return null;
    }
  }

  @Override
  public Map<String, String> settings() {
    var shown = new TreeMap<>(environment);
    shown.remove("KAPSEL_API_KEY");
    shown.remove("KAPSEL_DATA");
    shown.remove("KAPSEL_DATABASE_EMBEDDED_PORT");
    return shown;
  }

  /** As an operator would: it finishes what it has begun. */
  synchronized void stop() {
    Process running = process;
    if (running == null) return;
    process = null;
    running.destroy();
    try {
      if (!running.waitFor(STOP_SECONDS_MAX, TimeUnit.SECONDS)) running.destroyForcibly();
    } catch (InterruptedException e) {
      running.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  /** Stops the service and removes its data. */
  @Override
  public synchronized void close() {
    stop();
    // One that was killed has left its database running.
    if (postmaster() > 0) ProcessHandle.of(postmaster()).ifPresent(ProcessHandle::destroy);
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) Files.deleteIfExists(file);
    } catch (IOException left) {
      // A benchmark's data is of no importance.
    }
  }
}
