package io.kapsel.deliver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.core.endpoint.DestinationAuth;
import io.kapsel.core.endpoint.DestinationTls;
import io.kapsel.core.endpoint.Outcome;
import io.kapsel.core.endpoint.Outcome.Kind;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Secret;
import io.kapsel.deliver.Destination.Dispatch;
import io.kapsel.deliver.TlsIdentity.Part;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A destination that wants to see a certificate, and has one that only some believe. */
@Timeout(60)
class ClientCertificateIT {
  private static ClientCertificates certificates;
  private static Destinations destinations;

  private final LinkedBlockingQueue<String> clients = new LinkedBlockingQueue<>();

  @BeforeAll
  static void start(@TempDir Path directory) throws Exception {
    certificates = new ClientCertificates(directory);
    destinations =
        new Destinations(
            Destinations.with(tuning -> {}),
            host -> List.of(InetAddress.getByAddress(host, new byte[] {127, 0, 0, 1})),
            SSLContext.getDefault());
  }

  @AfterAll
  static void stop() {
    destinations.close();
  }

  private RawServer demanding(String protocol) throws IOException, GeneralSecurityException {
    SSLServerSocket listener =
        (SSLServerSocket)
            certificates
                .server()
                .getServerSocketFactory()
                .createServerSocket(0, 50, InetAddress.getLoopbackAddress());
    listener.setEnabledProtocols(new String[] {protocol});
    listener.setNeedClientAuth(true);
    return new RawServer(
        listener,
        connection -> {
          SSLSocket socket = (SSLSocket) connection.socket;
          socket.startHandshake();
          clients.add(socket.getSession().getPeerPrincipal().getName());
          while (true) {
            connection.read();
            connection.say("HTTP/1.1 200 OK\nContent-Length: 2\n\nok");
          }
        });
  }

  private static Outcome deliver(RawServer server, DestinationTls tls) {
    String url = "https://hook.example.test:" + server.port() + "/";
    Dispatch plain = Destinations.dispatch(url, 10_000);
    return destinations.deliver(
        new Dispatch(
            url,
            plain.settings().withAuth(new DestinationAuth.None(), tls),
            false,
            plain.webhook(),
            1));
  }

  @ParameterizedTest
  @CsvSource({
    "client-ec, TLSv1.3",
    "client-rsa, TLSv1.3",
    "client-ed, TLSv1.3",
    "client-ec, TLSv1.2",
    "client-rsa, TLSv1.2"
  })
  void the_certificate_is_shown_to_a_server_that_wants_it(String alias, String protocol)
      throws Exception {
    try (RawServer server = demanding(protocol)) {
      assertEquals(Outcome.delivered(200, "ok"), deliver(server, certificates.shown(alias)));
      assertEquals("CN=" + alias, clients.poll(10, TimeUnit.SECONDS));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
  void without_it_nothing_is_delivered_and_the_attempt_is_made_again(String protocol)
      throws Exception {
    var none = new DestinationTls("", new Secret(""), certificates.certificate("ca"));
    try (RawServer server = demanding(protocol)) {
      for (DestinationTls tls : List.of(none, certificates.shown("stranger"))) {
        Outcome outcome = deliver(server, tls);
        assertTrue(
            EnumSet.of(Kind.FAILED, Kind.UNKNOWN).contains(outcome.kind()), outcome::toString);
      }
      assertEquals(0, server.requests.size());
      assertEquals(0, clients.size());
    }
  }

  @Test
  void a_server_of_another_authority_is_not_believed() throws Exception {
    try (RawServer server = demanding("TLSv1.3")) {
      DestinationTls own = certificates.shown("client-ec");
      for (String authorities : List.of("", certificates.certificate("stranger"))) {
        Outcome outcome =
            deliver(
                server, new DestinationTls(own.certificateChain(), own.privateKey(), authorities));
        assertEquals(ErrorCode.TLS_FAILURE, outcome.error(), outcome::toString);
      }
      assertEquals(0, server.requests.size());
    }
  }

  @Test
  void connections_are_shared_by_those_who_show_the_same_certificate_only() throws Exception {
    try (RawServer server = demanding("TLSv1.3")) {
      for (String alias : List.of("client-ec", "client-rsa", "client-ec", "client-rsa"))
        assertEquals(Outcome.delivered(200, "ok"), deliver(server, certificates.shown(alias)));
      assertEquals(2, server.accepted.get());
      assertEquals(List.of("CN=client-ec", "CN=client-rsa"), List.copyOf(clients));
    }
  }

  @Nested
  class AtCreation {
    private static Map<Part, String> problems(String chain, String key, String authorities) {
      return TlsIdentity.problems(new DestinationTls(chain, new Secret(key), authorities));
    }

    @Test
    void what_fits_has_no_problems() throws Exception {
      for (String alias : List.of("client-ec", "client-rsa", "client-ed", "stranger"))
        assertEquals(Map.of(), TlsIdentity.problems(certificates.shown(alias)), alias);
      assertEquals(Map.of(), TlsIdentity.problems(DestinationTls.NONE));
      String commented = "Bag Attributes: none\n" + certificates.chain("client-ec") + "\n\n";
      assertEquals(Map.of(), problems(commented, certificates.key("client-ec"), ""));
    }

    @Test
    void all_parts_are_judged_at_once() throws Exception {
      String notEvenBase64 = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
      assertEquals(
          EnumSet.of(Part.CERTIFICATE, Part.AUTHORITIES),
          EnumSet.copyOf(problems(notEvenBase64, "x", "y").keySet()));
      assertEquals(
          EnumSet.of(Part.KEY, Part.AUTHORITIES),
          EnumSet.copyOf(problems(certificates.chain("client-ec"), "x", "y").keySet()));
    }

    @Test
    void a_key_of_somebody_else_is_refused() throws Exception {
      String chain = certificates.chain("client-ec");
      for (String other : List.of("client-rsa", "client-ed", "stranger", "ca")) {
        Map<Part, String> problems = problems(chain, certificates.key(other), "");
        assertEquals(EnumSet.of(Part.KEY), EnumSet.copyOf(problems.keySet()), other);
      }
    }

    @Test
    void half_an_identity_is_refused() throws Exception {
      assertEquals(
          Map.of(Part.KEY, "Is missing for the certificate."),
          problems(certificates.chain("client-ec"), "", ""));
      assertEquals(
          Map.of(Part.CERTIFICATE, "Is missing for the key."),
          problems("", certificates.key("client-ec"), ""));
    }

    @Test
    void a_chain_begins_with_the_client() throws Exception {
      String wrong = certificates.certificate("ca") + certificates.certificate("client-ec");
      assertEquals(
          EnumSet.of(Part.CERTIFICATE),
          EnumSet.copyOf(problems(wrong, certificates.key("ca"), "").keySet()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY"})
    void other_forms_of_keys_are_told_apart(String label) throws Exception {
      String key = ClientCertificates.pem(label, new byte[] {1, 2, 3});
      Map<Part, String> problems = problems(certificates.chain("client-ec"), key, "");
      assertTrue(String.valueOf(problems.get(Part.KEY)).contains("PKCS #8"), problems::toString);
    }

    @Test
    void no_problem_repeats_what_was_given() throws Exception {
      String key = certificates.key("stranger");
      String said = problems(certificates.chain("client-ec") + key, key, key).toString();
      assertTrue(key.lines().noneMatch(said::contains), said);
    }
  }
}
