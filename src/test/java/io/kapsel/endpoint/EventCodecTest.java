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
import io.kapsel.core.endpoint.Limits;
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
import java.util.List;
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

  /** With those that are younger than the snapshot that is kept. */
  private static Stream<Golden<Endpoint.Event>> all() {
    return Stream.concat(
        goldens().stream(),
        Stream.of(
            golden(
                "configured-with-rate",
                new Endpoint.Configured(
                    AT + 1, CONFIG.withIntake(IntakeSettings.DEFAULT.withRate(2.5, 10))))));
  }

  private static List<Golden<Endpoint.Event>> goldens() {
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
        golden("created", new Endpoint.Created(AT, TENANT, CONFIG)),
        golden("configured", new Endpoint.Configured(AT + 1, CONFIG)),
        golden(
            "configured-with-intake",
            new Endpoint.Configured(
                AT + 1,
                CONFIG.withIntake(
                    new IntakeSettings(
                        List.of("application/json"), true, true, List.of("a.example.com"))))),
        golden(
            "status-changed",
            new Endpoint.StatusChanged(AT + 2, Status.DISABLED, "destination_gone")),
        golden(
            "accepted",
            new Endpoint.WebhooksAccepted(
                AT + 3,
                AT - 86_400_000,
                List.of(
                    new Endpoint.Offered(FIRST, new KeyHash(1, -1), 42, 0),
                    new Endpoint.Offered(SECOND, null, -42, 7)))),
        golden(
            "accepted-without-floor",
            new Endpoint.WebhooksAccepted(
                AT + 3, Long.MIN_VALUE, List.of(new Endpoint.Offered(FIRST, null, 0, 0)))),
        golden(
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
        golden("retried", new Endpoint.Retried(AT + 5, SECOND, -7, 10)),
        golden("circuit-reset", new Endpoint.CircuitReset(AT + 6)),
        golden("history-confirmed", new Endpoint.HistoryConfirmed(3)));
  }

  private static Golden<Endpoint.Event> golden(String name, Endpoint.Event event) {
    return new Golden<>("events-1/" + name, event);
  }

  @TestFactory
  Stream<DynamicTest> what_was_written_before_is_still_read() {
    return Golden.areRead(
        all(), (golden, bytes) -> EventCodec.decode(EventCodec.manifest(golden.subject()), bytes));
  }

  @TestFactory
  Stream<DynamicTest> what_is_written_now_is_what_the_golden_file_holds() {
    return Golden.areWritten(all(), EventCodec::encode);
  }

  @Test
  void a_snapshot_is_the_state_again() {
    assertEquals(state(), SnapshotCodec.decode(SnapshotCodec.encode(state())));
  }

  @Test
  void a_snapshot_that_was_taken_before_is_still_read() throws IOException {
    assertEquals(state(), SnapshotCodec.decode(new Golden<>("snapshots-1/state", state()).bytes()));
  }

  /** After every event, and with keys that have left the live map. */
  private static State state() {
    State state = Endpoint.evolve(null, new Endpoint.Created(AT, TENANT, CONFIG), Limits.DEFAULT);
    for (Golden<Endpoint.Event> golden : goldens())
      if (!(golden.subject() instanceof Endpoint.Created))
        state = Endpoint.evolve(state, golden.subject(), Limits.DEFAULT);
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
}
