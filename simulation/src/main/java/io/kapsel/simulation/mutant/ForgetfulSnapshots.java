package io.kapsel.simulation.mutant;

import akka.actor.ExtendedActorSystem;
import akka.serialization.SerializerWithStringManifest;
import io.kapsel.core.endpoint.KeyWindow;
import io.kapsel.core.endpoint.State;
import io.kapsel.endpoint.KapselSerializer;

/** Leaves the idempotency window out of snapshots. */
public final class ForgetfulSnapshots extends SerializerWithStringManifest {
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
    return faithful.toBinary(object instanceof State state ? withoutWindow(state) : object);
  }

  @Override
  public Object fromBinary(byte[] bytes, String manifest) {
    return faithful.fromBinary(bytes, manifest);
  }

  private static State withoutWindow(State state) {
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
        KeyWindow.EMPTY,
        state.circuit(),
        state.outbox(),
        state.nextBatch());
  }
}
