package io.kapsel.simulation.storage;

import akka.actor.ExtendedActorSystem;
import akka.dispatch.Futures;
import akka.persistence.SelectedSnapshot;
import akka.persistence.SnapshotMetadata;
import akka.persistence.SnapshotSelectionCriteria;
import akka.persistence.snapshot.japi.SnapshotStore;
import akka.serialization.Serialization;
import akka.serialization.Serialization$;
import akka.serialization.SerializationExtension;
import akka.serialization.Serializer;
import akka.serialization.Serializers;
import com.typesafe.config.Config;
import io.kapsel.core.webhook.Body;
import io.kapsel.simulation.storage.JournalTables.Snapshot;
import io.kapsel.simulation.world.Node;
import io.kapsel.simulation.world.World;
import io.kapsel.simulation.world.WorldConfig;
import java.util.Optional;
import java.util.concurrent.Callable;
import scala.concurrent.Future;
import scala.concurrent.Promise;

/** The snapshot plug-in of a simulated node. */
public final class SimulatedSnapshots extends SnapshotStore {
  private final Node node = WorldConfig.nodeOf(context().system().settings().config());
  private final Database database = World.inside().facility(Database.class);
  private final JournalTables tables = World.inside().facility(JournalTables.class);
  private final Serialization serialization = SerializationExtension.get(context().system());
  private final ExtendedActorSystem system = (ExtendedActorSystem) context().system();

  /** Called by Akka. */
  public SimulatedSnapshots(Config config) {}

  @Override
  public Future<Optional<SelectedSnapshot>> doLoadAsync(
      String persistenceId, SnapshotSelectionCriteria criteria) {
    Future<Optional<Snapshot>> found =
        request(
            false,
            "load snapshot " + persistenceId,
            persistenceId,
            () ->
                Optional.ofNullable(
                    tables.latest(
                        persistenceId, criteria.maxSequenceNr(), criteria.maxTimestamp())));
    return found.map(snapshot -> snapshot.map(this::deserialise), context().dispatcher());
  }

  private SelectedSnapshot deserialise(Snapshot snapshot) {
    Object state =
        Serialization$.MODULE$.withTransportInformation(
            system,
            () ->
                serialization
                    .deserialize(
                        snapshot.payload().unsafeBytes(),
                        snapshot.serializer(),
                        snapshot.manifest())
                    .get());
    SnapshotMetadata metadata =
        new SnapshotMetadata(snapshot.persistenceId(), snapshot.sequenceNr(), snapshot.timestamp());
    return SelectedSnapshot.create(metadata, state);
  }

  @Override
  public Future<Void> doSaveAsync(SnapshotMetadata metadata, Object state) {
    Serializer serializer = serialization.findSerializerFor(state);
    byte[] bytes =
        Serialization$.MODULE$.withTransportInformation(system, () -> serializer.toBinary(state));
    String manifest = Serializers.manifestFor(serializer, state);
    Snapshot snapshot =
        new Snapshot(
            metadata.persistenceId(),
            metadata.sequenceNr(),
            metadata.timestamp(),
            Body.wrap(bytes),
            serializer.identifier(),
            manifest);
    return request(
        true,
        "save snapshot " + metadata.persistenceId() + " " + metadata.sequenceNr(),
        metadata.persistenceId(),
        () -> {
          tables.save(snapshot);
          JournalWatcher watcher = tables.watcher();
          if (watcher != null)
            watcher.snapshotSaved(node, metadata.persistenceId(), metadata.sequenceNr());
          return null;
        });
  }

  @Override
  public Future<Void> doDeleteAsync(SnapshotMetadata metadata) {
    return delete(
        metadata.persistenceId(), metadata.sequenceNr(), metadata.sequenceNr(), Long.MAX_VALUE);
  }

  @Override
  public Future<Void> doDeleteAsync(String persistenceId, SnapshotSelectionCriteria criteria) {
    return delete(
        persistenceId, criteria.minSequenceNr(), criteria.maxSequenceNr(), criteria.maxTimestamp());
  }

  private Future<Void> delete(String persistenceId, long from, long to, long maxTimestamp) {
    return request(
        true,
        "delete snapshots " + persistenceId,
        persistenceId,
        () -> {
          tables.deleteSnapshots(persistenceId, from, to, maxTimestamp);
          return null;
        });
  }

  private <T> Future<T> request(boolean write, String what, String key, Callable<T> operation) {
    Promise<T> promise = Futures.promise();
    database.<T>request(
        node,
        Database.Table.SNAPSHOTS,
        write,
        what,
        key,
        operation,
        (value, failure) -> {
          if (failure == null) {
            promise.success(value);
          } else {
            promise.failure(failure);
          }
        });
    return promise.future();
  }
}
