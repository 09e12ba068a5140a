package io.kapsel.simulation.run;

import akka.actor.ExtendedActorSystem;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Adapter;
import akka.serialization.Serialization;
import akka.serialization.Serialization$;
import akka.serialization.SerializationExtension;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.Limits;
import io.kapsel.core.endpoint.State;
import io.kapsel.core.webhook.Body;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.endpoint.EndpointActor;
import io.kapsel.endpoint.SealAdapters;
import io.kapsel.simulation.check.Ending;
import io.kapsel.simulation.storage.JournalTables;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** An endpoint's state from what is stored: bytes, read back by production's serialisers. */
final class Recoveries {
  private Recoveries() {}

  static Ending.Recovery of(
      String endpoint, EndpointId id, JournalTables tables, ActorSystem<?> system, Limits limits) {
    ExtendedActorSystem classic = (ExtendedActorSystem) Adapter.toClassic(system);
    Serialization serialization = SerializationExtension.get(classic);
    SealAdapters adapters = SealAdapters.of(id, system);
    String persistenceId = EndpointActor.KEY.name() + "|" + id;
    List<JournalTables.Row> rows = tables.archive(persistenceId);
    State fromJournal = fold(null, 0, rows, adapters, classic, serialization, limits);
    TreeMap<Long, State> fromSnapshots = new TreeMap<>();
    for (JournalTables.Snapshot snapshot : tables.snapshots(persistenceId)) {
      Object stored =
          read(
              snapshot.payload(),
              snapshot.serializer(),
              snapshot.manifest(),
              classic,
              serialization);
      State state = adapters.snapshots().fromJournal(stored);
      State folded =
          fold(state, snapshot.sequenceNr(), rows, adapters, classic, serialization, limits);
      if (folded != null) fromSnapshots.put(snapshot.sequenceNr(), folded);
    }
    return new Ending.Recovery(endpoint, fromJournal, fromSnapshots);
  }

  private static @Nullable State fold(
      @Nullable State from,
      long after,
      List<JournalTables.Row> rows,
      SealAdapters adapters,
      ExtendedActorSystem system,
      Serialization serialization,
      Limits limits) {
    State state = from;
    for (JournalTables.Row row : rows) {
      if (row.sequenceNr() <= after) continue;
      Object stored = read(row.payload(), row.serializer(), row.manifest(), system, serialization);
      Endpoint.Event event = adapters.events().fromJournal(stored, "").events().head();
      state = Endpoint.evolve(state, event, limits);
    }
    return state;
  }

  private static Object read(
      Body payload,
      int serializer,
      String manifest,
      ExtendedActorSystem system,
      Serialization serialization) {
    return Serialization$.MODULE$.withTransportInformation(
        system, () -> serialization.deserialize(payload.unsafeBytes(), serializer, manifest).get());
  }
}
