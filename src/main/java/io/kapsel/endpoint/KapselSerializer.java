package io.kapsel.endpoint;

import akka.actor.ExtendedActorSystem;
import akka.actor.typed.ActorRefResolver;
import akka.actor.typed.javadsl.Adapter;
import akka.serialization.SerializerWithStringManifest;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.State;

/** Everything of the endpoint that is stored or sent. Bound in {@code reference.conf}. */
public final class KapselSerializer extends SerializerWithStringManifest {
  private static final int IDENTIFIER = 7_101;
  static final String EVENT = "e:";
  private static final String MESSAGE = "m:";

  private final MessageCodec messages;

  public KapselSerializer(ExtendedActorSystem system) {
    messages =
        new MessageCodec(
            ActorRefResolver.get(Adapter.toTyped(system)),
            VaultSetup.seal(Adapter.toTyped(system)));
  }

  @Override
  public int identifier() {
    return IDENTIFIER;
  }

  @Override
  public String manifest(Object object) {
    return switch (object) {
      case Endpoint.Event event -> EVENT + EventCodec.manifest(event);
      case State state -> SnapshotCodec.MANIFEST;
      case Sealed sealed -> SealedCodec.PREFIX + manifest(sealed.subject());
      case EndpointMessage.Remote message -> MESSAGE + MessageCodec.manifest(message);
      default -> throw new IllegalArgumentException("Not serialised here: " + object.getClass());
    };
  }

  @Override
  public byte[] toBinary(Object object) {
    return switch (object) {
      case Endpoint.Event event -> EventCodec.encode(event);
      case State state -> SnapshotCodec.encode(state);
      case Sealed sealed -> SealedCodec.encode(sealed);
      case EndpointMessage.Remote message -> messages.encode(message);
      default -> throw new IllegalArgumentException("Not serialised here: " + object.getClass());
    };
  }

  @Override
  public Object fromBinary(byte[] bytes, String manifest) {
    if (manifest.startsWith(SealedCodec.PREFIX)) {
      String subject = manifest.substring(SealedCodec.PREFIX.length());
      return new Sealed(fromBinary(bytes, subject), SealedCodec.configOf(bytes, subject));
    }
    if (manifest.startsWith(EVENT))
      return EventCodec.decode(manifest.substring(EVENT.length()), bytes);
    if (manifest.startsWith(MESSAGE))
      return messages.decode(manifest.substring(MESSAGE.length()), bytes);
    return SnapshotCodec.decode(bytes);
  }
}
