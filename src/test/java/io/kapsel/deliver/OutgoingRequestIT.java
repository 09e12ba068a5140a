package io.kapsel.deliver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.core.endpoint.DeliverySettings;
import io.kapsel.core.endpoint.DeliverySettings.Forward;
import io.kapsel.core.endpoint.DeliverySettings.SigningSecret;
import io.kapsel.core.endpoint.Outcome;
import io.kapsel.core.webhook.Body;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Header;
import io.kapsel.core.webhook.Secret;
import io.kapsel.core.webhook.StandardWebhooksSigner;
import io.kapsel.core.webhook.Webhook;
import io.kapsel.deliver.Destination.Dispatch;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes out on the wire, octet for octet. */
@Timeout(60)
class OutgoingRequestIT {
  private static final Secret CURRENT = new Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  private static final Secret FORMER = new Secret("whsec_plJ3nmyCDGBKInavdOK15jsl0Qsl4h3Z");

  private static Destinations destinations;
  private RawServer server;

  @BeforeAll
  static void start() throws Exception {
    destinations = Destinations.onLoopback();
  }

  @AfterAll
  static void stop() {
    destinations.close();
  }

  @BeforeEach
  void listen() throws IOException {
    server = RawServer.answering("HTTP/1.1 204 No\n\n");
  }

  @AfterEach
  void close() throws IOException {
    server.close();
  }

  private static Webhook webhook(Header... headers) {
    return Destinations.webhook(List.of(headers), "{\"a\":1}".getBytes(StandardCharsets.UTF_8));
  }

  private Dispatch dispatch(Webhook webhook, DeliverySettings settings) {
    return new Dispatch(server.url("/hook"), settings, false, webhook, 3);
  }

  private static DeliverySettings settings(
      List<Header> headers, Forward forward, List<String> names, List<SigningSecret> secrets) {
    DeliverySettings plain = DeliverySettings.DEFAULT;
    return new DeliverySettings(
        10_000,
        plain.maxInFlight(),
        plain.ratePerSecond(),
        plain.ordering(),
        plain.orderingKey(),
        headers,
        forward,
        names,
        true,
        secrets);
  }

  private static DeliverySettings settings(Header... headers) {
    return settings(List.of(headers), Forward.ALL, List.of(), List.of());
  }

  private RawServer.Request sent(Webhook webhook, DeliverySettings settings) throws Exception {
    Outcome outcome = destinations.deliver(dispatch(webhook, settings));
    assertEquals(Outcome.delivered(204, ""), outcome);
    return server.next();
  }

  @Test
  void every_line_is_as_it_was_received_and_in_its_place() throws Exception {
    Webhook webhook =
        webhook(
            new Header("x-first", "1"),
            new Header("ACCEPT", "*/*;q=0.5,  text/html"),
            new Header("Set-cookie", "a=b;  Expires=never"),
            new Header("cONTENT-tYPE", "Text/JSON;Charset=\"utf-8\" ;x=é"),
            new Header("X-Repeated", "one"),
            new Header("X-Between", ""),
            new Header("x-repeated", "two, three"),
            new Header("X-Octets", "\u00e4\u00ff\u0080"),
            new Header("Accept-Encoding", "gzip, br"),
            new Header("Content-Encoding", "zstd"),
            new Header("Date", "some day"),
            new Header("Authorization", "Basic !!!"),
            new Header("Cookie", ";;"),
            new Header("Origin", "null?"),
            new Header("If-None-Match", "W/oops"),
            new Header("Range", "bytes=x"),
            new Header("Sec-WebSocket-Key", "x"),
            new Header("X-Github-Event", "push"));
    assertEquals(
        """
        POST /hook HTTP/1.1
        Host: 127.0.0.1:%d
        x-first: 1
        ACCEPT: */*;q=0.5,  text/html
        Set-cookie: a=b;  Expires=never
        cONTENT-tYPE: Text/JSON;Charset="utf-8" ;x=é
        X-Repeated: one
        X-Between:\s
        x-repeated: two, three
        X-Octets: \u00e4\u00ff\u0080
        Accept-Encoding: gzip, br
        Content-Encoding: zstd
        Date: some day
        Authorization: Basic !!!
        Cookie: ;;
        Origin: null?
        If-None-Match: W/oops
        Range: bytes=x
        Sec-WebSocket-Key: x
        X-Github-Event: push
        User-Agent: Kapsel/1.2.3
        X-Kapsel-Event-Id: %s
        X-Kapsel-Delivery-Attempt: 3
        X-Kapsel-Original-Timestamp: 2026-11-23T11:59:58.007Z
        Content-Length: 7

        """
            .formatted(server.port(), Destinations.EVENT)
            .replace("\n", "\r\n"),
        sent(webhook, settings()).head());
  }

  @Test
  void the_body_is_as_it_was_received() throws Exception {
    assertEquals(
        Body.wrap("{\"a\":1}".getBytes(StandardCharsets.UTF_8)),
        sent(webhook(), settings()).body());
  }

  @Test
  void lines_of_the_senders_connection_and_reserved_ones_stay_behind() throws Exception {
    RawServer.Request request =
        sent(
            webhook(
                new Header("Host", "provider.example"),
                new Header("Connection", "close, X-Hop"),
                new Header("X-Hop", "1"),
                new Header("Transfer-Encoding", "chunked"),
                new Header("Content-Length", "999"),
                new Header("Expect", "100-continue"),
                new Header("Upgrade", "h2c"),
                new Header("User-Agent", "Provider/1"),
                new Header("X-Kapsel-Event-Id", "evt_forged"),
                new Header("Webhook-Signature", "v1,forged"),
                new Header("X-Stays", "1")),
            settings());
    assertEquals(
        """
        POST /hook HTTP/1.1
        Host: 127.0.0.1:%d
        X-Stays: 1
        Content-Type: application/json
        User-Agent: Kapsel/1.2.3
        X-Kapsel-Event-Id: %s
        X-Kapsel-Delivery-Attempt: 3
        X-Kapsel-Original-Timestamp: 2026-11-23T11:59:58.007Z
        Content-Length: 7

        """
            .formatted(server.port(), Destinations.EVENT)
            .replace("\n", "\r\n"),
        request.head());
  }

  @Test
  void only_listed_lines_or_none_are_forwarded_where_it_is_so_configured() throws Exception {
    Webhook webhook = webhook(new Header("X-A", "1"), new Header("X-B", "2"));
    RawServer.Request listed =
        sent(webhook, settings(List.of(), Forward.LISTED, List.of("x-b"), List.of()));
    assertEquals(List.of("2"), listed.values("X-B"));
    assertEquals(List.of(), listed.values("X-A"));
    RawServer.Request none = sent(webhook, settings(List.of(), Forward.NONE, List.of(), List.of()));
    assertEquals(List.of(), none.values("X-B"));
    assertEquals("application/json", none.value("Content-Type"));
  }

  @Test
  void configured_lines_replace_those_of_their_name() throws Exception {
    RawServer.Request request =
        sent(
            webhook(
                new Header("Authorization", "Bearer theirs"), new Header("Content-Type", "a/b")),
            settings(
                new Header("authorization", "Bearer ours"),
                new Header("X-Both", "1"),
                new Header("X-Both", "2"),
                new Header("User-Agent", "Ours/1"),
                new Header("Content-Type", "c/d")));
    assertEquals("Bearer ours", request.value("Authorization"));
    assertEquals("Ours/1", request.value("User-Agent"));
    assertEquals("c/d", request.value("Content-Type"));
    assertEquals(List.of("1", "2"), request.values("X-Both"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\r\nX-Injected: 1", "a\nb", "nul\0", "tab\u0007", "\u010A", "€"})
  void a_configured_line_that_would_break_the_request_stops_it(String value) {
    Outcome outcome =
        destinations.deliver(dispatch(webhook(), settings(new Header("X-Evil", value))));
    assertEquals(Outcome.Kind.REFUSED, outcome.kind());
    assertEquals(ErrorCode.MISCONFIGURED, outcome.error());
    assertTrue(server.requests.isEmpty());
  }

  @Test
  void it_is_signed_with_every_secret_in_force() throws Exception {
    long now = Destinations.NOW.toEpochMilli();
    RawServer.Request request =
        sent(
            webhook(),
            settings(
                List.of(),
                Forward.ALL,
                List.of(),
                List.of(
                    new SigningSecret(CURRENT, 0),
                    new SigningSecret(FORMER, now + 1),
                    new SigningSecret(FORMER, now))));
    List<Header> expected =
        StandardWebhooksSigner.sign(
            List.of(CURRENT, FORMER),
            Destinations.EVENT.toString(),
            now,
            "{\"a\":1}".getBytes(StandardCharsets.UTF_8));
    for (Header header : expected) {
      assertEquals(header.value(), request.value(header.name()));
    }
    assertEquals(Destinations.EVENT.toString(), request.value("webhook-id"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/",
        "/a/../b//c",
        "/%41%c3%a4?x=%20&y=a+b;c",
        "?only=query",
        "/a?b?c=d&&",
        "/!$&'()*+,;=:@-._~[]"
      })
  void the_request_target_is_as_the_tenant_wrote_it(String target) throws Exception {
    Dispatch dispatch =
        new Dispatch("HTTP://127.0.0.1:" + server.port() + target, settings(), false, webhook(), 1);
    assertEquals(204, destinations.deliver(dispatch).status());
    assertEquals(
        "POST " + (target.startsWith("?") ? "/" : "") + target + " HTTP/1.1",
        server.next().lines().getFirst());
  }
}
