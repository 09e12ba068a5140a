package io.kapsel.bench;

import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Behaviors;
import akka.http.javadsl.Http;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import com.typesafe.config.ConfigFactory;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * A server of akka-http that answers everything with 200 and does nothing, in a process of its own:
 * what the usual HTTP server of this stack could do on this machine.
 */
public final class AkkaHttpCeiling implements AutoCloseable {
  private final Process process;
  private final int port;

  private AkkaHttpCeiling(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  /** Returns when it listens. */
  static AkkaHttpCeiling start() throws IOException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx1g",
                "-Dsun.misc.unsafe.memory.access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                AkkaHttpCeiling.class.getName())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    var output =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    String port = output.readLine();
    if (port == null) throw new IOException("akka-http's server did not start");
    return new AkkaHttpCeiling(process, Integer.parseInt(port));
  }

  String authority() {
    return "127.0.0.1:" + port;
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }

  /** The server's process; prints its port. */
  public static void main(String[] none) {
    var config =
        ConfigFactory.parseString(
            """
            akka {
              actor.provider = local
              loggers = []
              stdout-loglevel = OFF
              http.server.max-connections = 10000
            }
            """);
    var system =
        ActorSystem.create(Behaviors.empty(), "ceiling", config.withFallback(ConfigFactory.load()));
    Http.get(system)
        .newServerAt("127.0.0.1", 0)
        .bindSync(AkkaHttpCeiling::nothing)
        .whenComplete(
            (binding, failure) -> {
              if (failure == null) System.out.println(binding.localAddress().getPort());
              else system.terminate();
            });
  }

  private static HttpResponse nothing(HttpRequest request) {
    return HttpResponse.create().withStatus(200);
  }
}
