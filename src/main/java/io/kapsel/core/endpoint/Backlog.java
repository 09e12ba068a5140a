package io.kapsel.core.endpoint;

import io.kapsel.core.endpoint.DeliverySettings.Ordering;
import io.kapsel.core.webhook.WebhookId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.pcollections.TreePMap;
import org.pcollections.TreePSet;

/**
 * The pending webhooks of an endpoint, immutable. A webhook stands in a lane: {@code fifo} has one
 * lane, {@code keyed} one per ordering key, and a webhook without a lane waits for nobody. Only the
 * head of a lane is eligible; {@code eligible} holds those in the order in which they are due.
 */
public final class Backlog {
  private static final long FIFO_LANE = 1;

  record Due(long atMillis, long sequence) implements Comparable<Due> {
    @Override
    public int compareTo(Due other) {
      int order = Long.compare(atMillis, other.atMillis);
      return order != 0 ? order : Long.compare(sequence, other.sequence);
    }
  }

  record Place(long lane, long sequence) implements Comparable<Place> {
    @Override
    public int compareTo(Place other) {
      int order = Long.compare(lane, other.lane);
      return order != 0 ? order : Long.compare(sequence, other.sequence);
    }
  }

  final Ordering ordering;
  final TreePMap<Long, Pending> bySequence;
  final TreePMap<WebhookId, Long> byId;
  final TreePSet<Due> eligible;
  final TreePSet<Place> lanes;

  private Backlog(
      Ordering ordering,
      TreePMap<Long, Pending> bySequence,
      TreePMap<WebhookId, Long> byId,
      TreePSet<Due> eligible,
      TreePSet<Place> lanes) {
    this.ordering = ordering;
    this.bySequence = bySequence;
    this.byId = byId;
    this.eligible = eligible;
    this.lanes = lanes;
  }

  public static Backlog empty(Ordering ordering) {
    return new Backlog(
        ordering, TreePMap.empty(), TreePMap.empty(), TreePSet.empty(), TreePSet.empty());
  }

  public static Backlog of(Ordering ordering, Iterable<Pending> webhooks) {
    Backlog result = empty(ordering);
    for (Pending pending : webhooks) result = result.plus(pending);
    return result;
  }

  /** The same webhooks under another ordering. */
  Backlog ordered(Ordering other) {
    return other == ordering ? this : of(other, bySequence.values());
  }

  public int size() {
    return bySequence.size();
  }

  public boolean isEmpty() {
    return bySequence.isEmpty();
  }

  /** In order of acceptance. */
  public Collection<Pending> inOrder() {
    return bySequence.values();
  }

  public Optional<Pending> oldest() {
    return bySequence.isEmpty()
        ? Optional.empty()
        : Optional.of(bySequence.firstEntry().getValue());
  }

  public Optional<Pending> find(WebhookId id) {
    Long sequence = byId.get(id);
    return sequence == null ? Optional.empty() : Optional.of(get(sequence));
  }

  public boolean contains(WebhookId id) {
    return byId.containsKey(id);
  }

  @Nullable Pending at(long sequence) {
    return bySequence.get(sequence);
  }

  /** The eligible webhooks due at the given time, earliest first, at most {@code limit}. */
  List<Pending> due(long nowMillis, Map<Long, ?> except, int limit) {
    List<Pending> result = new ArrayList<>();
    if (limit <= 0) return result;
    for (Due due : eligible) {
      if (due.atMillis > nowMillis) break;
      if (except.containsKey(due.sequence)) continue;
      result.add(get(due.sequence));
      if (result.size() == limit) break;
    }
    return result;
  }

  /** When the next eligible webhook that is not among {@code except} is due. */
  Optional<Long> nextDueAtMillis(Map<Long, ?> except) {
    for (Due due : eligible)
      if (!except.containsKey(due.sequence)) return Optional.of(due.atMillis);
    return Optional.empty();
  }

  /** How many webhooks of the same lane come before this one. */
  int ahead(Pending pending) {
    long lane = laneOf(pending);
    if (lane == 0) return 0;
    return lanes
        .subSet(new Place(lane, Long.MIN_VALUE), new Place(lane, pending.sequence()))
        .size();
  }

  /** The first of the webhook's lane, which may be itself. */
  Pending firstOfLane(Pending pending) {
    long lane = laneOf(pending);
    Place first = lane == 0 ? null : lanes.ceiling(new Place(lane, Long.MIN_VALUE));
    return first == null ? pending : get(first.sequence);
  }

  Backlog plus(Pending pending) {
    long lane = laneOf(pending);
    TreePSet<Place> places = lane == 0 ? lanes : lanes.plus(new Place(lane, pending.sequence()));
    boolean head = lane == 0 || isHead(places, lane, pending.sequence());
    return new Backlog(
        ordering,
        bySequence.plus(pending.sequence(), pending),
        byId.plus(pending.id(), pending.sequence()),
        head ? eligible.plus(dueOf(pending)) : eligible,
        places);
  }

  Backlog minus(Pending pending) {
    long lane = laneOf(pending);
    TreePSet<Due> remaining = eligible.minus(dueOf(pending));
    TreePSet<Place> places = lanes;
    if (lane != 0) {
      places = lanes.minus(new Place(lane, pending.sequence()));
      Place next = places.ceiling(new Place(lane, Long.MIN_VALUE));
      if (next != null && next.lane == lane) remaining = remaining.plus(dueOf(get(next.sequence)));
    }
    return new Backlog(
        ordering,
        bySequence.minus(pending.sequence()),
        byId.minus(pending.id()),
        remaining,
        places);
  }

  /** Replaces a webhook by itself with other counters or another due time. */
  Backlog with(Pending before, Pending after) {
    boolean wasEligible = eligible.contains(dueOf(before));
    return new Backlog(
        ordering,
        bySequence.plus(after.sequence(), after),
        byId,
        wasEligible ? eligible.minus(dueOf(before)).plus(dueOf(after)) : eligible,
        lanes);
  }

  private Pending get(long sequence) {
    return Objects.requireNonNull(bySequence.get(sequence));
  }

  private static boolean isHead(TreePSet<Place> places, long lane, long sequence) {
    Place first = places.ceiling(new Place(lane, Long.MIN_VALUE));
    return first != null && first.sequence == sequence;
  }

  private long laneOf(Pending pending) {
    return switch (ordering) {
      case PARALLEL -> 0;
      case FIFO -> FIFO_LANE;
      case KEYED -> pending.laneKey();
    };
  }

  private static Due dueOf(Pending pending) {
    return new Due(pending.dueAtMillis(), pending.sequence());
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Backlog that
        && ordering == that.ordering
        && bySequence.equals(that.bySequence)
        && eligible.equals(that.eligible)
        && lanes.equals(that.lanes);
  }

  @Override
  public int hashCode() {
    return bySequence.hashCode();
  }

  @Override
  public String toString() {
    return "Backlog[" + ordering + ", " + bySequence.size() + "]";
  }
}
