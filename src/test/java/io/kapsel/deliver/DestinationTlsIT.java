package io.kapsel.deliver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.core.endpoint.Outcome;
import io.kapsel.core.endpoint.Outcome.Kind;
import io.kapsel.core.webhook.Body;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.testing.Waiting;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Encrypted destinations: the name is proven although the address is pinned. */
@Timeout(60)
class DestinationTlsIT {
  private static final String OK = "HTTP/1.1 200 OK\nContent-Length: 2\n\nok";

  private static Certificates certificates;
  private static Destinations destinations;

  private final LinkedBlockingQueue<String> serverNames = new LinkedBlockingQueue<>();

  @BeforeAll
  static void start(@TempDir Path directory) throws Exception {
    certificates =
        Certificates.forNames(directory, "dns:hook.example.test,dns:single,ip:127.0.0.1");
    destinations =
        new Destinations(
            Destinations.with(tuning -> {}),
            host -> List.of(InetAddress.getByAddress(host, new byte[] {127, 0, 0, 1})),
            certificates.client());
  }

  @AfterAll
  static void stop() {
    destinations.close();
  }

  private RawServer encrypted(RawServer.Script script) throws IOException {
    return encrypted(script, "TLSv1.3", "TLSv1.2");
  }

  private RawServer encrypted(RawServer.Script script, String... protocols) throws IOException {
    SSLServerSocket listener =
        (SSLServerSocket)
            certificates
                .server()
                .getServerSocketFactory()
                .createServerSocket(0, 50, InetAddress.getLoopbackAddress());
    listener.setEnabledProtocols(protocols);
    return new RawServer(
        listener,
        connection -> {
          SSLSocket socket = (SSLSocket) connection.socket;
          socket.startHandshake();
          List<SNIServerName> names =
              ((ExtendedSSLSession) socket.getSession()).getRequestedServerNames();
          serverNames.add(
              names.isEmpty()
                  ? ""
                  : new String(names.getFirst().getEncoded(), StandardCharsets.US_ASCII));
          script.run(connection);
        });
  }

  private RawServer answering() throws IOException {
    return encrypted(
        connection -> {
          while (true) {
            connection.read();
            connection.say(OK);
          }
        });
  }

  private static String url(String host, RawServer server) {
    return "https://" + host + ":" + server.port() + "/";
  }

  private static void assertOutcome(Kind kind, ErrorCode error, Outcome outcome) {
    assertEquals(kind + " " + error, outcome.kind() + " " + outcome.error(), outcome::toString);
  }

  @ParameterizedTest
  @ValueSource(strings = {"hook.example.test", "single"})
  void a_trusted_certificate_of_the_name_will_do(String host) throws Exception {
    try (RawServer server = answering()) {
      assertEquals(Outcome.delivered(200, "ok"), destinations.deliver(url(host, server)));
      assertEquals(host, serverNames.poll(10, TimeUnit.SECONDS));
      assertEquals(host + ":" + server.port(), server.next().value("Host"));
    }
  }

  @Test
  void an_address_is_proven_too_but_not_named() throws Exception {
    try (RawServer server = answering()) {
      assertEquals(Outcome.delivered(200, "ok"), destinations.deliver(url("127.0.0.1", server)));
      assertEquals("", serverNames.poll(10, TimeUnit.SECONDS));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void a_kept_connection_carries_the_next_delivery(String protocol) throws Exception {
    try (RawServer server =
        encrypted(
            connection -> {
              while (true) {
                connection.read();
                connection.say(OK);
              }
            },
            protocol)) {
      for (int i = 0; i < 3; i++) {
        assertEquals(Kind.DELIVERED, destinations.deliver(url("single", server)).kind());
      }
      assertEquals(1, server.accepted.get());
    }
  }

  @Test
  void a_large_body_arrives_unchanged() throws Exception {
    byte[] body = new byte[3_000_000];
    new SplittableRandom(11).nextBytes(body);
    try (RawServer server = answering()) {
      Outcome outcome =
          destinations.deliver(
              Destinations.dispatch(
                  url("single", server), 20_000, Destinations.webhook(List.of(), body)));
      assertEquals(Kind.DELIVERED, outcome.kind());
      assertEquals(Body.wrap(body), server.next().body());
    }
  }

  @Test
  void a_certificate_of_another_name_will_not_do() throws Exception {
    try (RawServer server = answering()) {
      Outcome outcome = destinations.deliver(url("other.example.test", server));
      assertOutcome(Kind.FAILED, ErrorCode.TLS_FAILURE, outcome);
      assertFalse(outcome.message().contains("127"), outcome::message);
      assertTrue(server.requests.isEmpty());
    }
  }

  @Test
  void a_certificate_nobody_vouches_for_will_not_do() throws Exception {
    try (Destinations strangers =
            new Destinations(
                Destinations.with(tuning -> {}),
                host -> List.of(InetAddress.getByAddress(host, new byte[] {127, 0, 0, 1})),
                SSLContext.getDefault());
        RawServer server = answering()) {
      assertOutcome(
          Kind.FAILED, ErrorCode.TLS_FAILURE, strangers.deliver(url("hook.example.test", server)));
      assertTrue(server.requests.isEmpty());
    }
  }

  @Test
  void an_outdated_protocol_will_not_do() throws Exception {
    try (RawServer server = encrypted(RawServer.Connection::read, "TLSv1.1")) {
      assertOutcome(
          Kind.FAILED, ErrorCode.TLS_FAILURE, destinations.deliver(url("single", server)));
    }
  }

  @Test
  void a_server_that_speaks_no_tls_is_a_failed_handshake() throws Exception {
    try (RawServer server =
        new RawServer(
            connection -> {
              connection.in.read();
              connection.say("HTTP/1.1 400 The plain HTTP request was sent to HTTPS port\n\n");
              connection.awaitEnd();
            })) {
      assertOutcome(
          Kind.FAILED, ErrorCode.TLS_FAILURE, destinations.deliver(url("single", server)));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void a_connection_that_ends_in_the_handshake_is_a_failed_handshake(boolean reset)
      throws Exception {
    try (RawServer server =
        new RawServer(
            connection -> {
              connection.in.read();
              if (reset) {
                connection.reset();
              }
            })) {
      assertOutcome(
          Kind.FAILED, ErrorCode.TLS_FAILURE, destinations.deliver(url("single", server)));
    }
  }

  @Test
  void a_handshake_that_never_ends_is_known_not_to_have_delivered() throws Exception {
    try (RawServer server = new RawServer(RawServer.Connection::awaitEnd)) {
      assertOutcome(
          Kind.FAILED,
          ErrorCode.DELIVERY_TIMEOUT,
          destinations.deliver(Destinations.dispatch(url("single", server), 400)));
      Waiting.until(() -> server.ended.get() == 1);
    }
  }

  @Test
  void an_end_after_the_request_leaves_it_unknown() throws Exception {
    try (RawServer server = encrypted(RawServer.Connection::read)) {
      assertOutcome(
          Kind.UNKNOWN, ErrorCode.CONNECTION_FAILED, destinations.deliver(url("single", server)));
    }
  }

  @Test
  void no_answer_after_the_request_leaves_it_unknown() throws Exception {
    try (RawServer server =
        encrypted(
            connection -> {
              connection.read();
              connection.awaitEnd();
            })) {
      assertOutcome(
          Kind.UNKNOWN,
          ErrorCode.DELIVERY_TIMEOUT,
          destinations.deliver(Destinations.dispatch(url("single", server), 1_000)));
      Waiting.until(() -> server.ended.get() == 1);
    }
  }

  @Test
  void an_answer_that_ends_with_the_connection_is_complete_when_the_end_is_authentic()
      throws Exception {
    try (RawServer server =
        encrypted(
            connection -> {
              connection.read();
              connection.say("HTTP/1.1 200 OK\n\nall of it");
            })) {
      assertEquals(
          Outcome.delivered(200, "all of it"), destinations.deliver(url("single", server)));
    }
  }

  @Test
  void an_answer_cut_off_leaves_it_unknown() throws Exception {
    try (RawServer server =
        encrypted(
            connection -> {
              connection.read();
              connection.say("HTTP/1.1 200 OK\nContent-Length: 100\n\npart");
            })) {
      Outcome outcome = destinations.deliver(url("single", server));
      assertOutcome(Kind.UNKNOWN, ErrorCode.CONNECTION_FAILED, outcome);
      assertEquals("part", outcome.responseExcerpt());
    }
  }

  @Test
  void a_kept_connection_that_ends_as_the_request_arrives_is_replaced() throws Exception {
    try (RawServer server =
        encrypted(
            connection -> {
              connection.read();
              connection.say(OK);
              connection.read();
              if (connection.number > 1) {
                connection.say(OK);
                connection.awaitEnd();
              }
            })) {
      destinations.deliver(url("single", server));
      assertEquals(Outcome.delivered(200, "ok"), destinations.deliver(url("single", server)));
      assertEquals(2, server.accepted.get());
    }
  }

  @Test
  void nobody_listening_is_no_matter_of_tls() throws Exception {
    int port;
    try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = listener.getLocalPort();
    }
    assertOutcome(
        Kind.FAILED,
        ErrorCode.CONNECTION_FAILED,
        destinations.deliver("https://single:" + port + "/"));
  }
}
