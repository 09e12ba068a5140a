package io.kapsel;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.kapsel.core.endpoint.CircuitPolicy;
import io.kapsel.core.endpoint.DeliverySettings;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.EndpointConfig;
import io.kapsel.core.endpoint.RetryPolicy;
import io.kapsel.core.endpoint.Status;
import io.kapsel.core.limit.Quota;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.IdempotencySettings;
import io.kapsel.core.webhook.IntakeSettings;
import io.kapsel.core.webhook.Secret;
import io.kapsel.core.webhook.SignatureSettings;
import io.kapsel.core.webhook.SignatureSettings.Scheme;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.storage.DatabaseSettings;
import io.kapsel.storage.TenantLimits;
import io.kapsel.testing.PostgresForTests;
import io.kapsel.testing.RawConnection;
import io.kapsel.testing.RawConnection.Reply;
import java.net.InetSocketAddress;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Whatever is wrong with a request, it is told the first thing in the order of checks, and who
 * cannot sign is told nothing that comes after the signature.
 */
final class OrderOfChecksIT {
  private static final String SECRET = "whsec_of_the_endpoint";

  private static DatabaseSettings database;
  private static KapselForTests kapsel;
  private static InetSocketAddress address;
  private static EndpointId endpoint;
  private static EndpointId disabled;
  private static EndpointId full;
  private static EndpointId fullAndDisabled;

  /** In the order in which they are checked. */
  private enum Fault {
    FRAMING("400 E1105"),
    METHOD("405 E1101"),
    ENDPOINT("410 E1012"),
    RATE("429 E1004"),
    MEDIA_TYPE("415 E1103"),
    BODY_BYTES("413 E1002"),
    SIGNATURE_HEADER("401 E1008"),
    SIGNATURE("401 E1001"),
    TIMESTAMP("401 E1006"),
    KEY_SYNTAX("400 E1009"),
    PAYLOAD("400 E1102"),
    KEY_REUSED("422 E1010");

    final String answer;

    Fault(String answer) {
      this.answer = answer;
    }
  }

  @BeforeAll
  static void start() {
    database = PostgresForTests.freshDatabase();
    kapsel = KapselForTests.start(database, Map.of());
    URI uri = URI.create(kapsel.url("/"));
    address = new InetSocketAddress(uri.getHost(), uri.getPort());
    endpoint = kapsel.create(config("ordered"));
    kapsel.order(endpoint, new Endpoint.SetStatus(Status.PAUSED));
    disabled = kapsel.create(config("disabled"));
    kapsel.order(disabled, new Endpoint.SetStatus(Status.DISABLED));
    var oneToken = new TenantLimits(0.001, 1, Quota.NONE, 0, 0, false);
    TenantId tenant = kapsel.tenant("of one token", oneToken);
    full = kapsel.create(tenant, config("full"));
    fullAndDisabled = kapsel.create(tenant, config("full and disabled"));
    kapsel.order(fullAndDisabled, new Endpoint.SetStatus(Status.DISABLED));
    assertEquals(200, RawConnection.exchange(address, request(Set.of())).status());
    assertEquals(200, RawConnection.exchange(address, request(EnumSet.of(Fault.RATE))).status());
  }

  private static EndpointConfig config(String name) {
    return new EndpointConfig(
            name,
            "http://127.0.0.1:9/",
            SignatureSettings.of(Scheme.STRIPE, List.of(new Secret(SECRET))),
            IdempotencySettings.DEFAULT,
            RetryPolicy.DEFAULT,
            CircuitPolicy.DEFAULT,
            DeliverySettings.DEFAULT,
            false)
        .withIntake(new IntakeSettings(List.of("application/json"), true, true, List.of()));
  }

  @AfterAll
  static void stop() {
    kapsel.close();
  }

  private static String request(Set<Fault> faults) {
    String body =
        faults.contains(Fault.PAYLOAD) ? "{" : faults.contains(Fault.KEY_REUSED) ? "[2]" : "[1]";
    long now = System.currentTimeMillis() / 1_000;
    long timestamp = faults.contains(Fault.TIMESTAMP) ? now - 10_000 : now;
    String signed = faults.contains(Fault.SIGNATURE) ? body + " " : body;
    String signature = "t=" + timestamp + ",v1=" + hmac(timestamp + "." + signed);
    return (faults.contains(Fault.METHOD) ? "PUT" : "POST")
        + " /ingest/"
        + (faults.contains(Fault.RATE)
            ? faults.contains(Fault.ENDPOINT) ? fullAndDisabled : full
            : faults.contains(Fault.ENDPOINT) ? disabled : endpoint)
        + " HTTP/1.1\r\nHost: a\r\nX-Request-Id: r\r\n"
        + (faults.contains(Fault.FRAMING) ? "X-A : b\r\n" : "")
        + "Content-Type: "
        + (faults.contains(Fault.MEDIA_TYPE) ? "text/plain" : "application/json")
        + "\r\nStripe-Signature: "
        + (faults.contains(Fault.SIGNATURE_HEADER) ? "t=+" + signature : signature)
        + "\r\nIdempotency-Key: "
        + (faults.contains(Fault.KEY_SYNTAX) ? "\"k" : "k")
        + "\r\nContent-Length: "
        + (faults.contains(Fault.BODY_BYTES) ? "10485761" : body.length())
        + "\r\n\r\n"
        + (faults.contains(Fault.BODY_BYTES) ? "" : body);
  }

  private static String hmac(String message) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(SECRET.getBytes(UTF_8), "HmacSHA256"));
      return HexFormat.of().formatHex(mac.doFinal(message.getBytes(ISO_8859_1)));
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private static long storedWebhooks() {
    return Long.parseLong(PostgresForTests.query(database, "select count(*) from webhook"));
  }

  @Test
  void of_any_combination_of_faults_the_first_in_the_order_is_told() {
    Fault[] all = Fault.values();
    List<String> wrong = new ArrayList<>();
    for (int bits = 1; bits < 1 << all.length; bits++) {
      Set<Fault> faults = EnumSet.noneOf(Fault.class);
      for (int i = 0; i < all.length; i++) if ((bits >> i & 1) == 1) faults.add(all[i]);
      String answer = RawConnection.exchange(address, request(faults)).problem();
      if (!answer.equals(faults.iterator().next().answer)) wrong.add(answer + " for " + faults);
    }
    assertEquals(List.of(), wrong);
    KapselForTests.await("nothing stored", () -> storedWebhooks() == 2);
  }

  @Test
  void who_cannot_sign_gets_one_answer_whatever_else_is_known_or_wrong() {
    Set<Fault> later =
        EnumSet.of(Fault.TIMESTAMP, Fault.KEY_SYNTAX, Fault.PAYLOAD, Fault.KEY_REUSED);
    var answers = new TreeSet<String>();
    for (Fault each : later) {
      answers.add(answer(request(EnumSet.of(Fault.SIGNATURE, each))));
      answers.add(answer(request(EnumSet.of(Fault.SIGNATURE, each)).replace(": k\r", ": new\r")));
    }
    answers.add(answer(request(EnumSet.of(Fault.SIGNATURE))));
    answers.add(answer(request(EnumSet.of(Fault.SIGNATURE)).replace("v1=", "v1=00,v1=")));
    assertEquals(1, answers.size(), answers.toString());
  }

  /** All of an answer but the date. */
  private static String answer(String request) {
    Reply reply = RawConnection.exchange(address, request);
    List<String> headers = new ArrayList<>(reply.headers());
    headers.removeIf(line -> line.startsWith("Date:"));
    return reply.status() + " " + headers + reply.text();
  }
}
