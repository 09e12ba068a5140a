package io.kapsel.simulation.storage;

import akka.actor.ActorRef;
import akka.actor.ExtendedActorSystem;
import akka.dispatch.Futures;
import akka.persistence.AtomicWrite;
import akka.persistence.PersistentRepr;
import akka.persistence.journal.Tagged;
import akka.persistence.journal.japi.AsyncWriteJournal;
import akka.serialization.Serialization;
import akka.serialization.Serialization$;
import akka.serialization.SerializationExtension;
import akka.serialization.Serializer;
import akka.serialization.Serializers;
import com.typesafe.config.Config;
import io.kapsel.core.webhook.Body;
import io.kapsel.simulation.storage.JournalTables.Row;
import io.kapsel.simulation.world.Node;
import io.kapsel.simulation.world.World;
import io.kapsel.simulation.world.WorldConfig;
import java.io.NotSerializableException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import scala.concurrent.Future;
import scala.concurrent.Promise;
import scala.jdk.javaapi.CollectionConverters;

/** The journal plug-in of a simulated node. */
@SuppressWarnings("this-escape") // Akka gives the context before it calls the constructor
public class SimulatedJournal extends AsyncWriteJournal {
  private final Node node = WorldConfig.nodeOf(context().system().settings().config());
  private final Database database = World.inside().facility(Database.class);
  private final JournalTables tables = World.inside().facility(JournalTables.class);
  private final Serialization serialization = SerializationExtension.get(context().system());
  private final ExtendedActorSystem system = (ExtendedActorSystem) context().system();

  /** Called by Akka. */
  public SimulatedJournal(Config config) {}

  @Override
  public Future<Iterable<Optional<Exception>>> doAsyncWriteMessages(
      Iterable<AtomicWrite> messages) {
    List<Row> rows = new ArrayList<>();
    List<Object> events = new ArrayList<>();
    List<Optional<Exception>> answers = new ArrayList<>();
    for (AtomicWrite write : messages) {
      try {
        rows.addAll(serialised(write));
        for (PersistentRepr event : CollectionConverters.asJava(write.payload()))
          events.add(event.payload());
        answers.add(Optional.empty());
      } catch (NotSerializableException rejected) {
        answers.add(Optional.of(rejected));
      }
    }
    if (rows.isEmpty()) return Futures.successful(answers);
    String id = rows.getFirst().persistenceId();
    long first = rows.getFirst().sequenceNr();
    String what =
        "write " + id + " " + rows.getFirst().sequenceNr() + ".." + rows.getLast().sequenceNr();
    JournalWatcher watcher = tables.watcher();
    return request(
        true,
        what,
        id,
        () -> {
          try {
            insert(tables, rows);
          } catch (IllegalStateException duplicate) {
            // Nobody is left who could be told.
            if (watcher != null && !node.alive())
              watcher.refused(node, id, first, String.valueOf(duplicate.getMessage()));
            throw duplicate;
          }
          if (watcher != null) watcher.written(node, id, first, rows.getFirst().writer(), events);
          return Collections.unmodifiableList(answers);
        },
        failure -> {
          if (watcher == null) return;
          if (failure == null) watcher.confirmed(node, id, first);
          else watcher.refused(node, id, first, String.valueOf(failure.getMessage()));
        });
  }

  /** All or nothing; fails when one of the numbers is taken. */
  protected void insert(JournalTables tables, List<Row> rows) {
    tables.insert(rows, World.inside().nanoTime());
  }

  private List<Row> serialised(AtomicWrite write) throws NotSerializableException {
    List<Row> rows = new ArrayList<>();
    for (PersistentRepr event : CollectionConverters.asJava(write.payload()))
      rows.add(serialise(event));
    return rows;
  }

  private Row serialise(PersistentRepr event) throws NotSerializableException {
    Object payload = event.payload() instanceof Tagged tagged ? tagged.payload() : event.payload();
    Serializer serializer = serialization.findSerializerFor(payload);
    byte[] bytes =
        Serialization$.MODULE$.withTransportInformation(system, () -> serializer.toBinary(payload));
    return new Row(
        event.persistenceId(),
        event.sequenceNr(),
        Body.wrap(bytes),
        serializer.identifier(),
        Serializers.manifestFor(serializer, payload),
        event.writerUuid(),
        event.timestamp());
  }

  @Override
  public Future<Void> doAsyncDeleteMessagesTo(String persistenceId, long toSequenceNr) {
    return request(
        true,
        "delete " + persistenceId + " to " + toSequenceNr,
        persistenceId,
        () -> {
          tables.deleteTo(persistenceId, toSequenceNr);
          return null;
        });
  }

  @Override
  public Future<Void> doAsyncReplayMessages(
      String persistenceId, long from, long to, long max, Consumer<PersistentRepr> replay) {
    JournalWatcher watcher = tables.watcher();
    if (watcher != null) watcher.recovering(node, persistenceId);
    Future<List<Row>> rows =
        request(
            false,
            "replay " + persistenceId + " from " + from,
            persistenceId,
            () -> tables.replay(persistenceId, from, to, max));
    return rows.map(
        found -> {
          for (Row row : found) replay.accept(deserialise(row));
          return null;
        },
        context().dispatcher());
  }

  private PersistentRepr deserialise(Row row) {
    Object payload =
        Serialization$.MODULE$.withTransportInformation(
            system,
            () ->
                serialization
                    .deserialize(row.payload().unsafeBytes(), row.serializer(), row.manifest())
                    .get());
    return PersistentRepr.apply(
            payload,
            row.sequenceNr(),
            row.persistenceId(),
            "",
            false,
            ActorRef.noSender(),
            row.writer())
        .withTimestamp(row.timestamp());
  }

  @Override
  public Future<Long> doAsyncReadHighestSequenceNr(String persistenceId, long from) {
    return request(
        false, "highest " + persistenceId, persistenceId, () -> tables.highest(persistenceId));
  }

  private <R, T extends R> Future<R> request(
      boolean write, String what, String key, Callable<T> operation) {
    return request(write, what, key, operation, failure -> {});
  }

  private <R, T extends R> Future<R> request(
      boolean write,
      String what,
      String key,
      Callable<T> operation,
      Consumer<@Nullable Exception> told) {
    Promise<R> promise = Futures.promise();
    database.<T>request(
        node,
        Database.Table.JOURNAL,
        write,
        what,
        key,
        operation,
        (value, failure) -> {
          told.accept(failure);
          if (failure == null) {
            promise.success(value);
          } else {
            promise.failure(failure);
          }
        });
    return promise.future();
  }
}
