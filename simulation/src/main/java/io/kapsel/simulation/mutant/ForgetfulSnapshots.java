package io.kapsel.simulation.mutant;

import akka.actor.ExtendedActorSystem;
import akka.serialization.SerializerWithStringManifest;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import io.kapsel.endpoint.KapselSerializer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
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
    ByteArrayOutputStream kept = new ByteArrayOutputStream();
    ByteArrayOutputStream dropped = new ByteArrayOutputStream();
    try {
      CodedInputStream in = CodedInputStream.newInstance(snapshot);
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        boolean window = WINDOW_FIELDS.contains(WireFormat.getTagFieldNumber(tag));
        CodedOutputStream out = CodedOutputStream.newInstance(window ? dropped : kept);
        in.skipField(tag, out);
        out.flush();
      }
    } catch (IOException malformed) {
      throw new UncheckedIOException(malformed);
    }
    return kept.toByteArray();
  }
}
