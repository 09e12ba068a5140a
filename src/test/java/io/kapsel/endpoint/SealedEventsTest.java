package io.kapsel.endpoint;

import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.Limits;
import io.kapsel.core.endpoint.State;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.secrets.Keyring;
import io.kapsel.secrets.Vault;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Golden files of the sealed form, under a key of the test: what a released version has sealed must
 * open for ever. The plain form has its own: {@link EventCodecTest}.
 */
class SealedEventsTest {
  private static final long AT = 1_764_000_000_000L;
  private static final EndpointId ID = new EndpointId(AT << 16, 9);
  private static final Endpoint.Created CREATED =
      new Endpoint.Created(AT, new TenantId(1, 2), ConfigJsonTest.FULL);
  private static final State STATE = Endpoint.evolve(null, CREATED, Limits.DEFAULT);

  private static Stream<Golden<Object>> goldens() {
    return Stream.of(
        new Golden<>("sealed-1/created", CREATED),
        new Golden<>("sealed-1/configured", new Endpoint.Configured(AT + 1, ConfigJsonTest.FULL)),
        new Golden<>("sealed-1/state", STATE));
  }

  private static ConfigSeal seal() {
    var keyring = Keyring.parse(Keyring.newKey(new SplittableRandom(1)));
    return new ConfigSeal(new Vault(keyring, new SplittableRandom(2)));
  }

  private static Object opened(Golden<Object> golden, byte[] bytes) {
    var adapters = new SealAdapters(ID, seal());
    if (golden.subject() instanceof Endpoint.Event event) {
      String manifest = EventCodec.manifest(event);
      Sealed sealed =
          new Sealed(
              EventCodec.decode(manifest, bytes), SealedCodec.configOf(bytes, "e:" + manifest));
      return adapters.events().fromJournal(sealed, "").events().head();
    }
    return adapters
        .snapshots()
        .fromJournal(new Sealed(SnapshotCodec.decode(bytes), SealedCodec.configOf(bytes, "state")));
  }

  @TestFactory
  Stream<DynamicTest> what_was_sealed_before_still_opens() {
    return Golden.areRead(goldens(), SealedEventsTest::opened);
  }

  @TestFactory
  Stream<DynamicTest> what_is_sealed_now_is_what_the_golden_file_holds() {
    return Golden.areWritten(
        goldens(), subject -> SealedCodec.encode(Sealed.of(subject, seal(), ID)));
  }
}
