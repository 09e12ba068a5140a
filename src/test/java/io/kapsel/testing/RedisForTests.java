package io.kapsel.testing;

import io.kapsel.core.webhook.Secret;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import redis.embedded.core.ExecutableProvider;

/**
 * A real Redis that may be killed, frozen and started again on the same port; it keeps nothing on
 * disk. Its binary comes with the tests; where that does not run, {@code redis-server} does.
 */
public final class RedisForTests implements AutoCloseable {
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(20);

  private final int port = freePort();
  private @Nullable Process server;

  public static RedisForTests start() {
    var redis = new RedisForTests();
    redis.startAgain();
    return redis;
  }

  private RedisForTests() {}

  public int port() {
    return port;
  }

  public Secret url() {
    return new Secret("redis://127.0.0.1:" + port);
  }

  public void startAgain() {
    server = launch();
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (!answers()) {
      if (System.nanoTime() > deadline) throw new AssertionError("Redis does not start");
      LockSupport.parkNanos(10_000_000);
    }
  }

  /** Without a word to its clients. */
  public void kill() {
    if (server == null) return;
    server.destroyForcibly();
    try {
      server.waitFor();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    server = null;
  }

  public void flush() {
    command("FLUSHALL");
  }

  /** It keeps its connections and says nothing, until {@link #thaw}. */
  public void freeze() {
    signal("STOP");
  }

  public void thaw() {
    signal("CONT");
  }

  private void signal(String name) {
    if (server == null) throw new IllegalStateException("not running");
    try {
      new ProcessBuilder("kill", "-" + name, Long.toString(server.pid())).start().waitFor();
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** What it answers to one command, as it is written on the wire. */
  public String command(String... words) {
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(5_000);
      StringBuilder request = new StringBuilder("*" + words.length + "\r\n");
      for (String word : words)
        request.append('$').append(word.length()).append("\r\n").append(word).append("\r\n");
      socket.getOutputStream().write(request.toString().getBytes(StandardCharsets.US_ASCII));
      byte[] answer = new byte[8_192];
      int length = socket.getInputStream().read(answer);
      return new String(answer, 0, Math.max(0, length), StandardCharsets.US_ASCII);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  private boolean answers() {
    try {
      return command("PING").startsWith("+PONG");
    } catch (UncheckedIOException notYet) {
      return false;
    }
  }

  private Process launch() {
    List<String> options =
        List.of(
            "--port",
            Integer.toString(port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no");
    try {
      return run(Binary.PATH, options);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  private static Process run(String binary, List<String> options) throws IOException {
    var command = new ArrayList<String>(options.size() + 1);
    command.add(binary);
    command.addAll(options);
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  /** Found once per JVM. */
  private static final class Binary {
    static final String PATH = find();

    private static String find() {
      try {
        Path directory = Files.createTempDirectory("redis");
        directory.toFile().deleteOnExit();
        File bundled = ExecutableProvider.newJarResourceProvider(directory.toFile()).get();
        bundled.deleteOnExit();
        if (runs(bundled.getPath())) return bundled.getPath();
      } catch (IOException notHere) {
        return "redis-server";
      }
      return "redis-server";
    }

    private static boolean runs(String binary) {
      try {
        return run(binary, List.of("--version")).waitFor() == 0;
      } catch (IOException notHere) {
        return false;
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
  }

  private static int freePort() {
    try (var socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  @Override
  public void close() {
    kill();
  }
}
