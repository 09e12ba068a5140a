package io.kapsel.endpoint;

import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.State;
import java.util.Optional;

/**
 * The stored form of {@link Sealed}: that of its subject with the sealed configuration in place of
 * the plain one, under a manifest of its own.
 */
final class SealedCodec {
  static final String PREFIX = "sealed:";

  private SealedCodec() {}

  static byte[] encode(Sealed sealed) {
    return switch (sealed.subject()) {
      case Endpoint.Event event -> EventCodec.encode(event, config -> sealed.config());
      case State state -> SnapshotCodec.encode(state, sealed.config());
      default -> throw new IllegalArgumentException("Not sealed: " + sealed.subject().getClass());
    };
  }

  static byte[] configOf(byte[] bytes, String subjectManifest) {
    EventCodec.Fields fields =
        new EventCodec.Fields().blob(configField(subjectManifest).orElseThrow());
    Wire.read(bytes, fields);
    return fields.blob();
  }

  static Optional<Integer> configField(String subjectManifest) {
    return switch (subjectManifest) {
      case KapselSerializer.EVENT + EventCodec.CREATED -> Optional.of(EventCodec.CREATED_CONFIG);
      case KapselSerializer.EVENT + EventCodec.CONFIGURED ->
          Optional.of(EventCodec.CONFIGURED_CONFIG);
      case SnapshotCodec.MANIFEST -> Optional.of(SnapshotCodec.CONFIG);
      default -> Optional.empty();
    };
  }
}
