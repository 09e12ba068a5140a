package io.kapsel.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.State;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.secrets.Keyring;
import io.kapsel.secrets.Vault;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Objects;
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
  private static final State STATE = Endpoint.evolve(null, CREATED);

  private record Golden(String name, String manifest, Object subject) {}

  private static Stream<Golden> goldens() {
    return Stream.of(
        new Golden("created", "e:created", CREATED),
        new Golden(
            "configured", "e:configured", new Endpoint.Configured(AT + 1, ConfigJsonTest.FULL)),
        new Golden("state", "state", STATE));
  }

  private static ConfigSeal seal() {
    var keyring = Keyring.parse(Keyring.newKey(new SplittableRandom(1)));
    return new ConfigSeal(new Vault(keyring, new SplittableRandom(2)));
  }

  private static Object opened(Golden golden, byte[] bytes) {
    boolean state = golden.subject() instanceof State;
    Object subject =
        state
            ? SnapshotCodec.decode(bytes)
            : EventCodec.decode(golden.manifest().substring(2), bytes);
    Sealed sealed = new Sealed(subject, SealedCodec.configOf(bytes, golden.manifest()));
    var adapters = new SealAdapters(ID, seal());
    return state
        ? adapters.snapshots().fromJournal(sealed)
        : adapters.events().fromJournal(sealed, "").events().head();
  }

  @TestFactory
  Stream<DynamicTest> what_was_sealed_before_still_opens() {
    return goldens()
        .map(
            golden ->
                DynamicTest.dynamicTest(
                    golden.name(),
                    () -> assertEquals(golden.subject(), opened(golden, read(golden.name())))));
  }

  @TestFactory
  Stream<DynamicTest> what_is_sealed_now_is_what_the_golden_file_holds() {
    return goldens()
        .map(
            golden ->
                DynamicTest.dynamicTest(
                    golden.name(),
                    () ->
                        assertEquals(
                            HexFormat.of().formatHex(read(golden.name())),
                            HexFormat.of().formatHex(sealed(golden)))));
  }

  private static byte[] sealed(Golden golden) {
    return SealedCodec.encode(Sealed.of(golden.subject(), seal(), ID));
  }

  private static byte[] read(String name) throws IOException {
    try (InputStream in =
        SealedEventsTest.class.getResourceAsStream("/golden/sealed-1/" + name + ".hex")) {
      String hex =
          new String(Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.US_ASCII);
      return HexFormat.of().parseHex(hex.strip());
    }
  }
}
