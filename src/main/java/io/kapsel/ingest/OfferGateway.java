package io.kapsel.ingest;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PreRestart;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.endpoint.EndpointMessage;
import io.kapsel.endpoint.EndpointView;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;

/**
 * Offers stored webhooks to their endpoints' actors, one offer at a time per endpoint: what arrives
 * meanwhile gathers and goes as one. A hot endpoint thereby commits once for hundreds of webhooks.
 */
public final class OfferGateway extends AbstractBehavior<OfferGateway.Message> {
  private static final Duration SWEEP_EVERY = Duration.ofMillis(250);

  /** Room for a thousand offers in each microsecond of the clock. */
  private static final int TICKET_BITS = 20;

  /** What the gateway understands. */
  public sealed interface Message {}

  /** A webhook whose content is stored. */
  public record Submit(
      EndpointId endpoint,
      long settingsVersion,
      Endpoint.Offered webhook,
      CompletableFuture<Result> result)
      implements Message {}

  /** What became of it. */
  public sealed interface Result {}

  public record Answered(Endpoint.Answer answer) implements Result {}

  /** The settings have changed since the webhook was verified. */
  public record Outdated(EndpointView current) implements Result {}

  /** Nobody answered in time; the webhook may still be accepted. */
  public record Unanswered() implements Result {}

  /** There are too many unanswered ones already. */
  public record Overloaded() implements Result {}

  private record Reply(EndpointMessage.Reply reply) implements Message {}

  private record Sweep() implements Message {}

  private record Waiting(Submit submit, long expiresAtMillis) {}

  /** Expires with the webhook that has waited longest. */
  private record Offer(EndpointId endpoint, List<Waiting> webhooks, long expiresAtMillis) {}

  /**
   * @param batchMax webhooks in one offer
   * @param waitingMax webhooks without an answer on this gateway
   * @param timeout how long a webhook waits for its answer, in an offer or behind one
   */
  public record GatewaySettings(int batchMax, int waitingMax, Duration timeout) {
    public static final GatewaySettings DEFAULT =
        new GatewaySettings(512, 20_000, Duration.ofSeconds(5));
  }

  private final GatewaySettings settings;
  private final InstantSource clock;
  private final BiConsumer<EndpointId, EndpointMessage.Offer> send;
  private final ActorRef<EndpointMessage.Reply> replies;
  private final Map<EndpointId, ArrayDeque<Waiting>> gathering = new LinkedHashMap<>();
  private final Map<Long, Offer> offers = new LinkedHashMap<>();
  private long nextTicket;
  private int waiting;

  /**
   * @param send to the endpoint's actor, wherever it lives
   */
  public static Behavior<Message> create(
      GatewaySettings settings,
      InstantSource clock,
      BiConsumer<EndpointId, EndpointMessage.Offer> send) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> new OfferGateway(context, timers, settings, clock, send)));
  }

  private OfferGateway(
      ActorContext<Message> context,
      TimerScheduler<Message> timers,
      GatewaySettings settings,
      InstantSource clock,
      BiConsumer<EndpointId, EndpointMessage.Offer> send) {
    super(context);
    this.settings = settings;
    this.clock = clock;
    this.send = send;
    // Answers to the offers of an incarnation before this one must find no ticket here.
    this.nextTicket = clock.millis() << TICKET_BITS;
    this.replies = context.messageAdapter(EndpointMessage.Reply.class, Reply::new);
    timers.startTimerWithFixedDelay(new Sweep(), SWEEP_EVERY);
  }

  @Override
  public Receive<Message> createReceive() {
    return newReceiveBuilder()
        .onMessage(Submit.class, this::onSubmit)
        .onMessage(Reply.class, this::onReply)
        .onMessage(Sweep.class, sweep -> onSweep())
        .onSignal(PreRestart.class, signal -> onRestart())
        .build();
  }

  private Behavior<Message> onSubmit(Submit submit) {
    if (waiting >= settings.waitingMax()) {
      submit.result().complete(new Overloaded());
      return Behaviors.same();
    }
    waiting++;
    Waiting webhook = new Waiting(submit, clock.millis() + settings.timeout().toMillis());
    ArrayDeque<Waiting> behind = gathering.get(submit.endpoint());
    if (behind != null) {
      behind.addLast(webhook);
      return Behaviors.same();
    }
    gathering.put(submit.endpoint(), new ArrayDeque<>());
    offer(submit.endpoint(), List.of(webhook));
    return Behaviors.same();
  }

  private void offer(EndpointId endpoint, List<Waiting> webhooks) {
    long ticket = nextTicket++;
    Waiting first = webhooks.get(0);
    offers.put(ticket, new Offer(endpoint, webhooks, first.expiresAtMillis()));
    List<Endpoint.Offered> offered = new ArrayList<>(webhooks.size());
    for (Waiting webhook : webhooks) offered.add(webhook.submit().webhook());
    send.accept(
        endpoint,
        new EndpointMessage.Offer(
            new Endpoint.Offer(first.submit().settingsVersion(), false, offered), ticket, replies));
  }

  private Behavior<Message> onReply(Reply reply) {
    if (!(reply.reply() instanceof EndpointMessage.Offered offered)) return Behaviors.same();
    Offer offer = offers.remove(offered.ticket());
    if (offer == null) return Behaviors.same();
    Optional<EndpointView> current = offered.current();
    for (int i = 0; i < offer.webhooks().size(); i++)
      settle(
          offer.webhooks().get(i),
          current.isPresent()
              ? new Outdated(current.get())
              : new Answered(offered.answers().get(i)));
    offerNext(offer.endpoint());
    return Behaviors.same();
  }

  private void settle(Waiting webhook, Result result) {
    waiting--;
    webhook.submit().result().complete(result);
  }

  /** All webhooks of one offer were verified under the same version of the settings. */
  private void offerNext(EndpointId endpoint) {
    ArrayDeque<Waiting> gathered = gathering.get(endpoint);
    if (gathered == null || gathered.isEmpty()) {
      gathering.remove(endpoint);
      return;
    }
    long version = gathered.getFirst().submit().settingsVersion();
    List<Waiting> next = new ArrayList<>(Math.min(gathered.size(), settings.batchMax()));
    while (!gathered.isEmpty()
        && next.size() < settings.batchMax()
        && gathered.getFirst().submit().settingsVersion() == version)
      next.add(gathered.removeFirst());
    offer(endpoint, next);
  }

  private Behavior<Message> onSweep() {
    long now = clock.millis();
    List<EndpointId> freed = new ArrayList<>();
    Iterator<Offer> each = offers.values().iterator();
    while (each.hasNext()) {
      Offer offer = each.next();
      if (offer.expiresAtMillis() > now) continue;
      each.remove();
      for (Waiting webhook : offer.webhooks()) settle(webhook, new Unanswered());
      ArrayDeque<Waiting> behind = gathering.get(offer.endpoint());
      while (behind != null && !behind.isEmpty() && behind.getFirst().expiresAtMillis() <= now)
        settle(behind.removeFirst(), new Overloaded());
      freed.add(offer.endpoint());
    }
    for (EndpointId endpoint : freed) offerNext(endpoint);
    return Behaviors.same();
  }

  /** Nobody would answer them any more. */
  private Behavior<Message> onRestart() {
    for (Offer offer : offers.values())
      for (Waiting webhook : offer.webhooks()) settle(webhook, new Unanswered());
    for (ArrayDeque<Waiting> behind : gathering.values())
      for (Waiting webhook : behind) settle(webhook, new Overloaded());
    return Behaviors.same();
  }
}
