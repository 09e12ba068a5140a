package io.kapsel.ingest;

import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Webhook;
import io.kapsel.core.webhook.WebhookId;
import io.kapsel.endpoint.EndpointMessage;
import io.kapsel.endpoint.Endpoints;
import io.kapsel.storage.ContentStore;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Finds content that was stored but is not owned by its endpoint (a crash between the two), and
 * offers it again. One lives in the cluster. It walks the content table once, in the order of time,
 * and remembers how far it came.
 *
 * <p>An endpoint forgets a webhook only after history holds its outcome. So what the endpoint does
 * not know, and what has no outcome when asked <em>after</em> that, was never owned.
 */
public final class Reconciler extends AbstractBehavior<Reconciler.Message> {
  /** What the reconciler understands. */
  public sealed interface Message {}

  private enum Tick implements Message {
    INSTANCE
  }

  /** Asks the singleton to stop at hand-over. */
  public enum Stop implements Message {
    INSTANCE
  }

  private record Positioned(WebhookId watermark) implements Message {}

  private record Found(ContentStore.Stretch stretch) implements Message {}

  private record Inquired(EndpointId endpoint, List<Webhook> unowned) implements Message {}

  private record Silent(EndpointId endpoint, Throwable cause) implements Message {}

  private record Confirmed(List<Webhook> webhooks) implements Message {}

  private record Adopted(List<Webhook> webhooks, List<Endpoint.Answer> answers)
      implements Message {}

  private record Advanced() implements Message {}

  private record Failed(Throwable cause) implements Message {}

  /** Whom to ask, wherever they live; stages fail when nobody answers. */
  public record Owners(
      BiFunction<EndpointId, List<WebhookId>, CompletionStage<EndpointMessage.Reply>> inquire,
      BiFunction<EndpointId, List<Endpoint.Offered>, CompletionStage<EndpointMessage.Reply>>
          adopt) {
    public static Owners of(Endpoints endpoints) {
      return new Owners(endpoints::inquire, endpoints::adopt);
    }
  }

  /**
   * @param every how often to look
   * @param settled only content older than this is looked at; must exceed the age at which an
   *     endpoint refuses a late offer, and the difference between any two nodes' clocks
   * @param batchMax rows in one look
   */
  public record ReconcilerSettings(Duration every, Duration settled, int batchMax) {
    public static final ReconcilerSettings DEFAULT =
        new ReconcilerSettings(Duration.ofSeconds(30), Duration.ofMinutes(5), 1_000);
  }

  private final ReconcilerSettings settings;
  private final ContentStore contents;
  private final Owners owners;
  private final InstantSource clock;
  private final LongConsumer lost;
  private final TimerScheduler<Message> timers;

  private @Nullable WebhookId watermark;
  private WebhookId until = new WebhookId(0, 0);

  /** How far the look goes that is under way. */
  private WebhookId reached = new WebhookId(0, 0);

  private Iterator<Map.Entry<EndpointId, List<Webhook>>> groups =
      new TreeMap<EndpointId, List<Webhook>>().entrySet().iterator();
  private List<Webhook> unowned = new ArrayList<>();
  private boolean unanswered;

  /**
   * @param lost is told how many webhooks could not be placed
   */
  public static Behavior<Message> create(
      ReconcilerSettings settings,
      ContentStore contents,
      Owners owners,
      InstantSource clock,
      LongConsumer lost) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers ->
                    new Reconciler(context, timers, settings, contents, owners, clock, lost)));
  }

  private Reconciler(
      ActorContext<Message> context,
      TimerScheduler<Message> timers,
      ReconcilerSettings settings,
      ContentStore contents,
      Owners owners,
      InstantSource clock,
      LongConsumer lost) {
    super(context);
    this.settings = settings;
    this.contents = contents;
    this.owners = owners;
    this.clock = clock;
    this.lost = lost;
    this.timers = timers;
    tickAfter(settings.every());
  }

  @Override
  public Receive<Message> createReceive() {
    return newReceiveBuilder()
        .onMessage(Tick.class, tick -> onTick())
        .onMessage(Positioned.class, this::onPositioned)
        .onMessage(Found.class, this::onFound)
        .onMessage(Inquired.class, this::onInquired)
        .onMessage(Silent.class, this::onSilent)
        .onMessage(Confirmed.class, this::onConfirmed)
        .onMessage(Adopted.class, this::onAdopted)
        .onMessage(Advanced.class, advanced -> onAdvanced())
        .onMessage(Failed.class, this::onFailed)
        .onMessage(Stop.class, stop -> Behaviors.stopped())
        .build();
  }

  private void tickAfter(Duration delay) {
    timers.startSingleTimer(Tick.INSTANCE, delay);
  }

  private Behavior<Message> onTick() {
    if (watermark == null)
      getContext()
          .pipeToSelf(
              contents.watermark(),
              (found, failure) -> failure == null ? new Positioned(found) : new Failed(failure));
    else look(watermark);
    return this;
  }

  private Behavior<Message> onPositioned(Positioned positioned) {
    watermark = positioned.watermark();
    look(positioned.watermark());
    return this;
  }

  private void look(WebhookId from) {
    long settledMillis = clock.millis() - settings.settled().toMillis();
    until = new WebhookId((settledMillis << 16) | 0xffffL, -1L);
    find(from, until, Found::new);
  }

  private void find(WebhookId from, WebhookId to, Function<ContentStore.Stretch, Message> then) {
    getContext()
        .pipeToSelf(
            contents.withoutOutcome(from, to, settings.batchMax()),
            (found, failure) -> failure == null ? then.apply(found) : new Failed(failure));
  }

  private Behavior<Message> onFound(Found found) {
    reached = found.stretch().reached();
    unowned = new ArrayList<>();
    unanswered = false;
    TreeMap<EndpointId, List<Webhook>> byEndpoint = new TreeMap<>();
    for (Webhook webhook : found.stretch().webhooks())
      byEndpoint.computeIfAbsent(webhook.endpoint(), id -> new ArrayList<>()).add(webhook);
    groups = byEndpoint.entrySet().iterator();
    inquireNext();
    return this;
  }

  /** One endpoint after the other: nobody is waiting for the reconciler. */
  private void inquireNext() {
    if (!groups.hasNext()) {
      if (unowned.isEmpty()) advance();
      else find(watermark == null ? new WebhookId(0, 0) : watermark, reached, this::confirmed);
      return;
    }
    Map.Entry<EndpointId, List<Webhook>> group = groups.next();
    List<Webhook> webhooks = group.getValue();
    getContext()
        .pipeToSelf(
            owners.inquire().apply(group.getKey(), webhooks.stream().map(Webhook::id).toList()),
            (reply, failure) -> {
              if (failure != null) return new Silent(group.getKey(), failure);
              if (!(reply instanceof EndpointMessage.Unowned answer))
                return new Failed(new IllegalStateException("Not an answer: " + reply));
              TreeSet<WebhookId> ids = new TreeSet<>(answer.webhooks());
              return new Inquired(
                  group.getKey(),
                  webhooks.stream().filter(webhook -> ids.contains(webhook.id())).toList());
            });
  }

  private Behavior<Message> onInquired(Inquired inquired) {
    unowned.addAll(inquired.unowned());
    inquireNext();
    return this;
  }

  /** The others do not wait for it; it is asked again, for nothing is passed over. */
  private Behavior<Message> onSilent(Silent silent) {
    getContext().getLog().warn("{} is silent: {}", silent.endpoint(), silent.cause().toString());
    unanswered = true;
    inquireNext();
    return this;
  }

  private Message confirmed(ContentStore.Stretch stillWithoutOutcome) {
    TreeSet<WebhookId> ids = new TreeSet<>();
    for (Webhook webhook : unowned) ids.add(webhook.id());
    return new Confirmed(
        stillWithoutOutcome.webhooks().stream()
            .filter(webhook -> ids.contains(webhook.id()))
            .toList());
  }

  private Behavior<Message> onConfirmed(Confirmed confirmed) {
    unowned = new ArrayList<>(confirmed.webhooks());
    adoptNext();
    return this;
  }

  private void adoptNext() {
    if (unowned.isEmpty()) {
      advance();
      return;
    }
    EndpointId endpoint = unowned.get(0).endpoint();
    List<Webhook> webhooks =
        unowned.stream().filter(webhook -> webhook.endpoint().equals(endpoint)).toList();
    unowned.removeAll(webhooks);
    getContext()
        .pipeToSelf(
            owners.adopt().apply(endpoint, webhooks.stream().map(Ingest::offered).toList()),
            (reply, failure) ->
                failure != null
                    ? new Failed(failure)
                    : reply instanceof EndpointMessage.Offered offered
                        ? new Adopted(webhooks, offered.answers())
                        : new Failed(new IllegalStateException("Not an answer: " + reply)));
  }

  private Behavior<Message> onAdopted(Adopted adopted) {
    List<WebhookId> unwanted = new ArrayList<>();
    int unplaced = 0;
    for (int i = 0; i < adopted.answers().size(); i++) {
      WebhookId id = adopted.webhooks().get(i).id();
      switch (adopted.answers().get(i)) {
        case Endpoint.Accepted accepted -> getContext().getLog().info("Took up {} again.", id);
        case Endpoint.Duplicate duplicate -> unwanted.add(id);
        case Endpoint.Declined declined -> {
          ErrorCode code = declined.rejection().code();
          if (wasNeverAcknowledged(code)) unwanted.add(id);
          else unplaced++;
        }
      }
    }
    if (!unwanted.isEmpty()) {
      var unused = contents.remove(unwanted);
    }
    if (unplaced > 0) {
      lost.accept(unplaced);
      getContext().getLog().error("{} stored webhooks could not be placed.", unplaced);
    }
    adoptNext();
    return this;
  }

  /** Acceptance precedes the acknowledgement, so what is declined now was never acknowledged. */
  private static boolean wasNeverAcknowledged(ErrorCode code) {
    return switch (code) {
      case INVALID_ENDPOINT, ENDPOINT_DISABLED, IDEMPOTENCY_KEY_REUSED, QUEUE_FULL -> true;
      default -> false;
    };
  }

  private void advance() {
    if (unanswered) {
      tickAfter(settings.every());
      return;
    }
    watermark = reached;
    getContext()
        .pipeToSelf(
            contents.advance(reached),
            (done, failure) -> failure == null ? new Advanced() : new Failed(failure));
  }

  private Behavior<Message> onAdvanced() {
    tickAfter(reached.equals(until) ? settings.every() : Duration.ofMillis(1));
    return this;
  }

  private Behavior<Message> onFailed(Failed failed) {
    getContext().getLog().warn("The reconciler tries again later: {}", failed.cause().toString());
    tickAfter(settings.every());
    return this;
  }
}
