package io.kapsel.storage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import akka.actor.ActorRef;
import akka.persistence.AtomicWrite;
import akka.persistence.DeleteMessagesSuccess;
import akka.persistence.DeleteSnapshotsSuccess;
import akka.persistence.JournalProtocol;
import akka.persistence.PersistentEnvelope;
import akka.persistence.PersistentRepr;
import akka.persistence.SaveSnapshotSuccess;
import akka.persistence.SelectedSnapshot;
import akka.persistence.SnapshotMetadata;
import akka.persistence.SnapshotProtocol;
import akka.persistence.SnapshotSelectionCriteria;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import scala.jdk.javaapi.CollectionConverters;
import scala.jdk.javaapi.OptionConverters;

/**
 * What Kapsel relies on of a journal and a snapshot store, asked in Akka's own protocol. The
 * production journal on PostgreSQL and the simulator's keep the same contract; else the simulator
 * would find bugs that there are not, and miss those that there are.
 */
public interface JournalContract {
  /** Both plugins of one actor system. */
  interface Plugins {
    /**
     * Sends a message and gathers the answers.
     *
     * @param message of the one who is answered
     * @param complete whether these are all
     */
    List<Object> askJournal(Function<ActorRef, Object> message, Predicate<List<Object>> complete);

    /** The same of the snapshot store. */
    List<Object> askSnapshots(Object message, Predicate<List<Object>> complete);
  }

  Plugins plugins();

  String WRITER = "writer 1";
  int LARGE_BYTES = 1 << 20;

  /**
   * @param stored sequence numbers, as the writer was told
   */
  record Written(List<Long> stored, List<Long> rejected, List<Long> failed) {
    static Written all(long first, long last) {
      return new Written(numbers(first, last), List.of(), List.of());
    }
  }

  /**
   * @param highest sequence number that the journal knows of
   */
  record Replayed(List<PersistentRepr> events, long highest) {
    List<Long> numbers() {
      return events.stream().map(PersistentRepr::sequenceNr).toList();
    }

    List<Object> payloads() {
      return events.stream().map(PersistentRepr::payload).toList();
    }
  }

  private static List<Long> numbers(long first, long last) {
    return LongStream.rangeClosed(first, last).boxed().toList();
  }

  private static PersistentRepr event(String id, String writer, long number, Object payload) {
    return PersistentRepr.apply(payload, number, id, "", false, ActorRef.noSender(), writer);
  }

  private static AtomicWrite together(PersistentRepr... events) {
    return AtomicWrite.apply(CollectionConverters.asScala(Arrays.asList(events)).toList());
  }

  private static JournalProtocol.WriteMessages write(ActorRef replyTo, AtomicWrite... writes) {
    List<PersistentEnvelope> envelopes = List.of(writes);
    return new JournalProtocol.WriteMessages(
        CollectionConverters.asScala(envelopes).toList(), replyTo, 1);
  }

  private Written write(AtomicWrite... writes) {
    int events = Arrays.stream(writes).mapToInt(AtomicWrite::size).sum();
    List<Long> stored = new ArrayList<>();
    List<Long> rejected = new ArrayList<>();
    List<Long> failed = new ArrayList<>();
    for (Object answer :
        plugins().askJournal(me -> write(me, writes), answers -> answers.size() == events + 1)) {
      switch (answer) {
        case JournalProtocol.WriteMessageSuccess one -> stored.add(one.persistent().sequenceNr());
        case JournalProtocol.WriteMessageRejected one -> rejected.add(one.message().sequenceNr());
        case JournalProtocol.WriteMessageFailure one -> failed.add(one.message().sequenceNr());
        default -> {}
      }
    }
    return new Written(stored, rejected, failed);
  }

  private Written write(String id, String writer, long first, Object... payloads) {
    AtomicWrite[] writes = new AtomicWrite[payloads.length];
    for (int i = 0; i < payloads.length; i++)
      writes[i] = together(event(id, writer, first + i, payloads[i]));
    return write(writes);
  }

  private Replayed replay(String id, long from, long to, long max) {
    List<Object> answers =
        plugins()
            .askJournal(
                me -> new JournalProtocol.ReplayMessages(from, to, max, id, me),
                all -> !(all.getLast() instanceof JournalProtocol.ReplayedMessage));
    List<PersistentRepr> events = new ArrayList<>();
    for (Object answer : answers)
      if (answer instanceof JournalProtocol.ReplayedMessage one) events.add(one.persistent());
    if (answers.getLast() instanceof JournalProtocol.RecoverySuccess success)
      return new Replayed(events, success.highestSequenceNr());
    throw new AssertionError("not replayed: " + answers.getLast());
  }

  private Replayed replay(String id) {
    return replay(id, 1, Long.MAX_VALUE, Long.MAX_VALUE);
  }

  private void deleteTo(String id, long to) {
    List<Object> answers =
        plugins()
            .askJournal(
                me -> new JournalProtocol.DeleteMessagesTo(id, to, me), all -> !all.isEmpty());
    assertEquals(List.of(new DeleteMessagesSuccess(to)), answers);
  }

  // ------------------------------------------------------------------------------------ writing

  @Test
  default void what_was_written_is_replayed_in_order() {
    assertEquals(Written.all(1, 3), write("endpoint|order", WRITER, 1, "a", "b", "c"));
    Replayed replayed = replay("endpoint|order");
    assertEquals(List.of("a", "b", "c"), replayed.payloads());
    assertEquals(numbers(1, 3), replayed.numbers());
    assertEquals(3, replayed.highest());
    for (PersistentRepr event : replayed.events()) {
      assertEquals("endpoint|order", event.persistenceId());
      assertEquals(WRITER, event.writerUuid());
    }
  }

  @Test
  default void nothing_is_known_of_an_actor_that_never_wrote() {
    assertEquals(new Replayed(List.of(), 0), replay("endpoint|nobody"));
  }

  @Test
  default void actors_do_not_see_each_other() {
    write("endpoint|one", WRITER, 1, "one");
    write("endpoint|ones", WRITER, 1, "ones");
    write("Endpoint|one", WRITER, 1, "One");
    assertEquals(List.of("one"), replay("endpoint|one").payloads());
    assertEquals(List.of("ones"), replay("endpoint|ones").payloads());
    assertEquals(List.of("One"), replay("Endpoint|one").payloads());
  }

  @Test
  default void any_characters_make_an_identifier() {
    for (String id :
        List.of(
            "/sharding/endpointShard/17",
            "with spaces ",
            "quote ' and \" and \\",
            "per%cent_underscore",
            "tab\tand line\nbreak",
            "\u00e9\u4e16\ud83d\ude80",
            "x".repeat(255))) {
      assertEquals(Written.all(1, 1), write(id, WRITER, 1, "payload of " + id));
      assertEquals(List.of("payload of " + id), replay(id).payloads());
    }
  }

  @Test
  default void a_large_payload_comes_back_byte_by_byte() {
    byte[] payload = new byte[LARGE_BYTES];
    for (int i = 0; i < payload.length; i++) payload[i] = (byte) (i * 31 + i / 257);
    write("endpoint|large", WRITER, 1, payload, new byte[0]);
    List<Object> payloads = replay("endpoint|large").payloads();
    assertArrayEquals(payload, (byte[]) payloads.get(0));
    assertArrayEquals(new byte[0], (byte[]) payloads.get(1));
  }

  @Test
  default void events_that_belong_together_are_written_together() {
    String id = "endpoint|together";
    assertEquals(
        Written.all(1, 3),
        write(
            together(
                event(id, WRITER, 1, "a"), event(id, WRITER, 2, "b"), event(id, WRITER, 3, "c"))));
    assertEquals(List.of("a", "b", "c"), replay(id).payloads());
  }

  // ----------------------------------------------------------------------------------- refusals

  @Test
  default void a_number_is_written_once() {
    write("endpoint|once", WRITER, 1, "first");
    assertEquals(
        new Written(List.of(), List.of(), List.of(1L)),
        write("endpoint|once", "writer 2", 1, "second"));
    Replayed replayed = replay("endpoint|once");
    assertEquals(List.of("first"), replayed.payloads());
    assertEquals(WRITER, replayed.events().getFirst().writerUuid());
  }

  @Test
  default void of_events_that_belong_together_all_are_refused_or_none() {
    String id = "endpoint|all-or-nothing";
    write(id, WRITER, 1, "a", "b", "c");
    assertEquals(
        new Written(List.of(), List.of(), numbers(3, 5)),
        write(
            together(
                event(id, "writer 2", 3, "x"),
                event(id, "writer 2", 4, "y"),
                event(id, "writer 2", 5, "z"))));
    Replayed replayed = replay(id);
    assertEquals(List.of("a", "b", "c"), replayed.payloads());
    assertEquals(3, replayed.highest());
  }

  /** Its writer may go on: nothing was tried, nothing is in doubt. */
  @Test
  default void what_cannot_be_written_as_bytes_is_rejected() {
    String id = "endpoint|rejected";
    assertEquals(
        new Written(List.of(), List.of(1L), List.of()), write(id, WRITER, 1, new Object()));
    assertEquals(new Replayed(List.of(), 0), replay(id));
    assertEquals(Written.all(1, 1), write(id, WRITER, 1, "instead"));
  }

  @Test
  default void what_is_rejected_does_not_hold_back_its_neighbours() {
    String id = "endpoint|neighbours";
    assertEquals(
        new Written(List.of(1L, 3L), List.of(2L), List.of()),
        write(id, WRITER, 1, "a", new Object(), "c"));
    assertEquals(List.of("a", "c"), replay(id).payloads());
  }

  // ------------------------------------------------------------------------------------- ranges

  @Test
  default void a_part_can_be_replayed() {
    String id = "endpoint|ranges";
    write(id, WRITER, 1, "1", "2", "3", "4", "5");
    assertEquals(numbers(3, 5), replay(id, 3, Long.MAX_VALUE, Long.MAX_VALUE).numbers());
    assertEquals(numbers(2, 4), replay(id, 2, 4, Long.MAX_VALUE).numbers());
    assertEquals(numbers(2, 3), replay(id, 2, 5, 2).numbers());
    assertEquals(numbers(5, 5), replay(id, 5, 5, 1).numbers());
    assertEquals(List.of(), replay(id, 6, Long.MAX_VALUE, Long.MAX_VALUE).numbers());
    assertEquals(List.of(), replay(id, 4, 3, Long.MAX_VALUE).numbers());
    assertEquals(List.of(), replay(id, 1, 5, 0).numbers());
    assertEquals(5, replay(id, 4, 3, 0).highest());
  }

  // ----------------------------------------------------------------------------------- deleting

  @Test
  default void deleted_events_are_gone_and_their_numbers_are_not_given_again() {
    String id = "endpoint|deleted";
    write(id, WRITER, 1, "1", "2", "3", "4");
    deleteTo(id, 2);
    assertEquals(numbers(3, 4), replay(id).numbers());
    assertEquals(4, replay(id).highest());
    deleteTo(id, 4);
    assertEquals(new Replayed(List.of(), 4), replay(id));
    assertEquals(Written.all(5, 5), write(id, WRITER, 5, "5"));
    assertEquals(numbers(5, 5), replay(id).numbers());
  }

  @Test
  default void deleting_what_is_not_there_does_nothing() {
    deleteTo("endpoint|never", 7);
    assertEquals(new Replayed(List.of(), 0), replay("endpoint|never"));
  }

  // ---------------------------------------------------------------------------------- snapshots

  /** When the store says that it was. */
  private long save(String id, long number, Object state) {
    SnapshotMetadata metadata = new SnapshotMetadata(id, number, 0);
    List<Object> answers =
        plugins()
            .askSnapshots(
                new SnapshotProtocol.SaveSnapshot(metadata, state), all -> !all.isEmpty());
    if (answers.getFirst() instanceof SaveSnapshotSuccess success)
      return success.metadata().timestamp();
    throw new AssertionError("not saved: " + answers);
  }

  private Optional<Object> load(String id, SnapshotSelectionCriteria criteria) {
    List<Object> answers =
        plugins()
            .askSnapshots(
                new SnapshotProtocol.LoadSnapshot(id, criteria, Long.MAX_VALUE),
                all -> !all.isEmpty());
    return OptionConverters.toJava(
            ((SnapshotProtocol.LoadSnapshotResult) answers.getFirst()).snapshot())
        .map(SelectedSnapshot::snapshot);
  }

  private Optional<Object> load(String id) {
    return load(id, SnapshotSelectionCriteria.latest());
  }

  private static SnapshotSelectionCriteria until(long number, long timestamp) {
    return SnapshotSelectionCriteria.create(number, timestamp);
  }

  private void delete(String id, SnapshotSelectionCriteria criteria) {
    List<Object> answers =
        plugins()
            .askSnapshots(
                new SnapshotProtocol.DeleteSnapshots(id, criteria), all -> !all.isEmpty());
    assertEquals(List.of(new DeleteSnapshotsSuccess(criteria)), answers);
  }

  @Test
  default void the_newest_snapshot_is_loaded() {
    assertEquals(Optional.empty(), load("endpoint|snapshots"));
    save("endpoint|snapshots", 3, "at 3");
    save("endpoint|snapshots", 12, "at 12");
    save("endpoint|others", 40, "of another");
    assertEquals(Optional.of("at 12"), load("endpoint|snapshots"));
  }

  @Test
  default void an_older_snapshot_can_be_asked_for() {
    String id = "endpoint|older";
    long first = save(id, 3, "at 3");
    save(id, 6, "at 6");
    long last = save(id, 9, "at 9");
    assertEquals(Optional.of("at 6"), load(id, until(8, Long.MAX_VALUE)));
    assertEquals(Optional.of("at 6"), load(id, until(6, last)));
    assertEquals(Optional.of("at 9"), load(id, until(Long.MAX_VALUE, last)));
    assertEquals(Optional.empty(), load(id, until(Long.MAX_VALUE, first - 1)));
    assertEquals(Optional.empty(), load(id, until(2, Long.MAX_VALUE)));
  }

  @Test
  default void a_snapshot_of_the_same_number_replaces_the_one_before() {
    save("endpoint|again", 3, "first");
    save("endpoint|again", 3, "second");
    assertEquals(Optional.of("second"), load("endpoint|again"));
  }

  @Test
  default void snapshots_can_be_deleted() {
    String id = "endpoint|forgotten";
    long first = save(id, 1, "at 1");
    for (long number = 2; number <= 5; number++) save(id, number, "at " + number);
    delete(id, until(Long.MAX_VALUE, first - 1));
    assertEquals(Optional.of("at 1"), load(id, until(1, Long.MAX_VALUE)));
    delete(id, until(3, Long.MAX_VALUE));
    assertEquals(Optional.empty(), load(id, until(3, Long.MAX_VALUE)));
    assertEquals(Optional.of("at 5"), load(id));
    delete(id, SnapshotSelectionCriteria.latest());
    assertEquals(Optional.empty(), load(id));
  }

  @Test
  default void a_large_snapshot_comes_back_byte_by_byte() {
    byte[] state = new byte[LARGE_BYTES];
    Arrays.fill(state, (byte) 7);
    save("endpoint|large", 1, state);
    assertArrayEquals(state, (byte[]) load("endpoint|large").orElseThrow());
  }
}
