package io.kapsel.simulation.mutant;

import akka.actor.ExtendedActorSystem;
import akka.serialization.SerializerWithStringManifest;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import io.kapsel.endpoint.KapselSerializer;
import java.util.List;

/**
 * Leaves the idempotency window out of snapshots: on the wire, because what reaches a serialiser is
 * sealed already.
 */
public final class ForgetfulSnapshots extends SerializerWithStringManifest {
  private static final List<String> SNAPSHOTS = List.of("state", "sealed:state");

  /** Of a snapshot: the segments, the live keys, and the newest of these. */
  private static final List<Integer> WINDOW_FIELDS = List.of(12, 13, 14);

  private final KapselSerializer faithful;

  /** Called by Akka. */
  public ForgetfulSnapshots(ExtendedActorSystem system) {
    faithful = new KapselSerializer(system);
  }

  @Override
  public int identifier() {
    return faithful.identifier();
  }

  @Override
  public String manifest(Object object) {
    return faithful.manifest(object);
  }

  @Override
  public byte[] toBinary(Object object) {
    byte[] bytes = faithful.toBinary(object);
    return SNAPSHOTS.contains(manifest(object)) ? withoutWindow(bytes) : bytes;
  }

  @Override
  public Object fromBinary(byte[] bytes, String manifest) {
    return faithful.fromBinary(bytes, manifest);
  }

  private static byte[] withoutWindow(byte[] snapshot) {
    try {
      UnknownFieldSet.Builder fields = UnknownFieldSet.parseFrom(snapshot).toBuilder();
      for (int field : WINDOW_FIELDS) fields.clearField(field);
      return fields.build().toByteArray();
    } catch (InvalidProtocolBufferException malformed) {
      throw new IllegalStateException(malformed);
    }
  }
}
