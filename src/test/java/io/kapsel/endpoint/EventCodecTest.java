package io.kapsel.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.kapsel.core.endpoint.Attempt;
import io.kapsel.core.endpoint.Circuit;
import io.kapsel.core.endpoint.CircuitPolicy;
import io.kapsel.core.endpoint.DeliverySettings;
import io.kapsel.core.endpoint.Ended;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.EndpointConfig;
import io.kapsel.core.endpoint.KeyHash;
import io.kapsel.core.endpoint.KeyWindow;
import io.kapsel.core.endpoint.Outcome;
import io.kapsel.core.endpoint.RetryPolicy;
import io.kapsel.core.endpoint.State;
import io.kapsel.core.endpoint.Status;
import io.kapsel.core.endpoint.Verdict;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.IdempotencySettings;
import io.kapsel.core.webhook.IntakeSettings;
import io.kapsel.core.webhook.Secret;
import io.kapsel.core.webhook.SignatureSettings;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.core.webhook.WebhookId;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Golden files: what a released version has written must be read for ever. A new field gets a new
 * golden file; an existing one never changes.
 */
final class EventCodecTest {
  private static final long AT = 1_764_000_000_000L;
  private static final TenantId TENANT =
      new TenantId(0x0192_0000_0000_7001L, 0x8000_0000_0000_0001L);
  private static final WebhookId FIRST =
      new WebhookId((AT << 16) | 0x7abcL, 0x8123_4567_89ab_cdefL);
  private static final WebhookId SECOND = new WebhookId((AT << 16) | 0x7abdL, -2L);
  private static final EndpointConfig CONFIG =
      new EndpointConfig(
          "orders",
          "https://example.com/hooks",
          SignatureSettings.of(SignatureSettings.Scheme.GITHUB, List.of(new Secret("s3cr3t"))),
          IdempotencySettings.DEFAULT,
          RetryPolicy.DEFAULT,
          CircuitPolicy.DEFAULT,
          DeliverySettings.DEFAULT,
          false);
  private static final Circuit OPEN = new Circuit(Circuit.Phase.OPEN, 0, 0, 0, AT + 30_000, 0, 0);

  private record Golden(String name, Endpoint.Event event) {}

  /** With those that are younger than the snapshot that is kept. */
  private static Stream<Golden> all() {
    return Stream.concat(
        goldens().stream(),
        Stream.of(
            new Golden(
                "configured-with-rate",
                new Endpoint.Configured(
                    AT + 1, CONFIG.withIntake(IntakeSettings.DEFAULT.withRate(2.5, 10))))));
  }

  private static List<Golden> goldens() {
    Outcome delivered = Outcome.delivered(200, "{\"ok\":true}");
    Outcome limited =
        new Outcome(
            Outcome.Kind.RATE_LIMITED,
            429,
            ErrorCode.DELIVERY_RATE_LIMITED,
            "Slow down.",
            "später",
            120_000);
    return List.of(
        new Golden("created", new Endpoint.Created(AT, TENANT, CONFIG)),
        new Golden("configured", new Endpoint.Configured(AT + 1, CONFIG)),
        new Golden(
            "configured-with-intake",
            new Endpoint.Configured(
                AT + 1,
                CONFIG.withIntake(
                    new IntakeSettings(
                        List.of("application/json"), true, true, List.of("a.example.com"))))),
        new Golden(
            "status-changed",
            new Endpoint.StatusChanged(AT + 2, Status.DISABLED, "destination_gone")),
        new Golden(
            "accepted",
            new Endpoint.WebhooksAccepted(
                AT + 3,
                AT - 86_400_000,
                List.of(
                    new Endpoint.Offered(FIRST, new KeyHash(1, -1), 42, 0),
                    new Endpoint.Offered(SECOND, null, -42, 7)))),
        new Golden(
            "accepted-without-floor",
            new Endpoint.WebhooksAccepted(
                AT + 3, Long.MIN_VALUE, List.of(new Endpoint.Offered(FIRST, null, 0, 0)))),
        new Golden(
            "ended",
            new Endpoint.AttemptsEnded(
                AT + 4,
                3,
                -1,
                List.of(
                    new Ended(1, new Attempt(FIRST, 1, AT, 12, delivered), Verdict.DELIVERED, 0),
                    new Ended(
                        2,
                        new Attempt(SECOND, 9, AT, 30_000, limited),
                        Verdict.RETRY,
                        AT + 120_000)),
                OPEN)),
        new Golden("retried", new Endpoint.Retried(AT + 5, SECOND, -7, 10)),
        new Golden("circuit-reset", new Endpoint.CircuitReset(AT + 6)),
        new Golden("history-confirmed", new Endpoint.HistoryConfirmed(3)));
  }

  @TestFactory
  Stream<DynamicTest> what_was_written_before_is_still_read() {
    return all()
        .map(
            golden ->
                DynamicTest.dynamicTest(
                    golden.name(),
                    () ->
                        assertEquals(
                            golden.event(),
                            EventCodec.decode(
                                EventCodec.manifest(golden.event()), read(golden.name())))));
  }

  @TestFactory
  Stream<DynamicTest> what_is_written_now_is_what_the_golden_file_holds() {
    return all()
        .map(
            golden ->
                DynamicTest.dynamicTest(
                    golden.name(),
                    () ->
                        assertEquals(
                            HexFormat.of().formatHex(read(golden.name())),
                            HexFormat.of().formatHex(EventCodec.encode(golden.event())))));
  }

  @Test
  void a_snapshot_is_the_state_again() {
    assertEquals(state(), SnapshotCodec.decode(SnapshotCodec.encode(state())));
  }

  @Test
  void a_snapshot_that_was_taken_before_is_still_read() throws IOException {
    assertEquals(state(), SnapshotCodec.decode(readFile("snapshots-1/state")));
  }

  /** After every event, and with keys that have left the live map. */
  private static State state() {
    State state = Endpoint.evolve(null, new Endpoint.Created(AT, TENANT, CONFIG));
    for (Golden golden : goldens())
      if (!golden.name().equals("created")) state = Endpoint.evolve(state, golden.event());
    long[] rows = {-5, 6, 42, SECOND.high(), SECOND.low(), 7, -8, -42, FIRST.high(), FIRST.low()};
    return new State(
        state.tenant(),
        state.config(),
        state.status(),
        state.statusReason(),
        state.version(),
        state.createdAtMillis(),
        state.updatedAtMillis(),
        state.nextSequence(),
        state.backlog(),
        KeyWindow.of(
            List.of(new KeyWindow.Segment(AT / 3_600_000, AT, rows)), state.window().live(), AT),
        OPEN,
        state.outbox(),
        state.nextBatch());
  }

  private static byte[] read(String name) throws IOException {
    return readFile("events-1/" + name);
  }

  private static byte[] readFile(String name) throws IOException {
    try (InputStream in = EventCodecTest.class.getResourceAsStream("/golden/" + name + ".hex")) {
      String hex =
          new String(Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.US_ASCII);
      return HexFormat.of().parseHex(hex.strip());
    }
  }
}
