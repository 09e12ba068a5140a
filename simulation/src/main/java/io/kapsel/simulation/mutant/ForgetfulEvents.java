package io.kapsel.simulation.mutant;

import akka.actor.ExtendedActorSystem;
import akka.serialization.SerializerWithStringManifest;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.Verdict;
import io.kapsel.endpoint.KapselSerializer;

/** Does not find again, in a recovery, that attempts have failed. */
public final class ForgetfulEvents extends SerializerWithStringManifest {
  private final KapselSerializer faithful;

  /** Called by Akka. */
  public ForgetfulEvents(ExtendedActorSystem system) {
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
    return faithful.toBinary(object);
  }

  @Override
  public Object fromBinary(byte[] bytes, String manifest) {
    Object read = faithful.fromBinary(bytes, manifest);
    if (!(read instanceof Endpoint.AttemptsEnded batch)) return read;
    return new Endpoint.AttemptsEnded(
        batch.atMillis(),
        batch.batch(),
        batch.confirmedBatch(),
        batch.ended().stream().filter(ended -> ended.verdict() != Verdict.RETRY).toList(),
        batch.circuit());
  }
}
