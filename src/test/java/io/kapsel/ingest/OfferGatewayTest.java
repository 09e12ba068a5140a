package io.kapsel.ingest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.typed.ActorRef;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.Behaviors;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.WebhookId;
import io.kapsel.endpoint.EndpointMessage;
import io.kapsel.ingest.OfferGateway.GatewaySettings;
import io.kapsel.ingest.OfferGateway.Submit;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class OfferGatewayTest {
  private static final EndpointId ENDPOINT = new EndpointId(1, 1);
  private static final Duration TIMEOUT = Duration.ofSeconds(5);

  private final ActorTestKit kit = ActorTestKit.create();
  private final AtomicLong nowMillis = new AtomicLong(1_800_000_000_000L);
  private final InstantSource clock = () -> Instant.ofEpochMilli(nowMillis.get());
  private final BlockingQueue<EndpointMessage.Offer> sent = new LinkedBlockingQueue<>();
  private final AtomicBoolean failing = new AtomicBoolean();
  private ActorRef<OfferGateway.Message> gateway;
  private long markers = 1;

  @BeforeEach
  void start() {
    gateway =
        kit.spawn(
            Behaviors.supervise(
                    OfferGateway.create(
                        new GatewaySettings(2, 100, TIMEOUT),
                        clock,
                        (endpoint, offer) -> {
                          sent.add(offer);
                          if (failing.getAndSet(false)) {
                            nowMillis.incrementAndGet();
                            throw new IllegalStateException("broken");
                          }
                        }))
                .onFailure(SupervisorStrategy.restart()));
  }

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  @Test
  void offers_one_at_a_time_and_then_all_that_gathered_up_to_the_maximum() throws Exception {
    List<CompletableFuture<OfferGateway.Result>> offered = new ArrayList<>();
    offered.add(submit(1));
    EndpointMessage.Offer first = nextOffer();
    for (int i = 2; i <= 4; i++) offered.add(submit(i));
    accept(first);
    EndpointMessage.Offer second = nextOffer();
    assertEquals(List.of(id(2), id(3)), ids(second));
    accept(second);
    assertEquals(List.of(id(4)), ids(nextOffer()));
    assertEquals(
        new OfferGateway.Answered(new Endpoint.Accepted()),
        offered.get(2).get(10, TimeUnit.SECONDS));
    assertFalse(offered.get(3).isDone());
  }

  @Test
  void answers_everybody_in_time_when_the_endpoint_does_not() throws Exception {
    CompletableFuture<OfferGateway.Result> offered = submit(1);
    nextOffer();
    CompletableFuture<OfferGateway.Result> behind = submit(2);
    awaitSubmitted();
    nowMillis.addAndGet(TIMEOUT.toMillis());
    assertEquals(new OfferGateway.Unanswered(), offered.get(10, TimeUnit.SECONDS));
    assertEquals(
        new OfferGateway.Overloaded(),
        behind.get(10, TimeUnit.SECONDS),
        "it was never offered: nobody can have accepted it");
  }

  @Test
  void offers_what_is_younger_when_an_offer_has_got_no_answer() throws Exception {
    var old = submit(1);
    nextOffer();
    nowMillis.addAndGet(TIMEOUT.toMillis() - 1);
    CompletableFuture<OfferGateway.Result> young = submit(2);
    awaitSubmitted();
    nowMillis.addAndGet(1);
    EndpointMessage.Offer next = nextOffer();
    assertEquals(List.of(id(2)), ids(next));
    assertEquals(new OfferGateway.Unanswered(), old.get(10, TimeUnit.SECONDS));
    assertFalse(young.isDone());
    accept(next);
    assertEquals(
        new OfferGateway.Answered(new Endpoint.Accepted()), young.get(10, TimeUnit.SECONDS));
  }

  @Test
  void takes_no_answer_to_an_offer_from_before_its_restart() throws Exception {
    failing.set(true);
    CompletableFuture<OfferGateway.Result> before = submit(1);
    EndpointMessage.Offer old = nextOffer();
    assertEquals(new OfferGateway.Unanswered(), before.get(10, TimeUnit.SECONDS));
    CompletableFuture<OfferGateway.Result> after = submit(2);
    EndpointMessage.Offer current = nextOffer();
    assertNotEquals(old.ticket(), current.ticket());
    accept(old);
    current
        .replyTo()
        .tell(
            new EndpointMessage.Offered(
                current.ticket(), List.of(new Endpoint.Duplicate(id(9))), Optional.empty()));
    assertEquals(
        new OfferGateway.Answered(new Endpoint.Duplicate(id(9))), after.get(10, TimeUnit.SECONDS));
  }

  private CompletableFuture<OfferGateway.Result> submit(int number) {
    return submit(ENDPOINT, number);
  }

  private CompletableFuture<OfferGateway.Result> submit(EndpointId endpoint, int number) {
    CompletableFuture<OfferGateway.Result> result = new CompletableFuture<>();
    gateway.tell(
        new Submit(endpoint, 1, new Endpoint.Offered(id(number), null, number, 0), result));
    return result;
  }

  /** Whatever was submitted until now has reached the gateway: an offer behind it is out. */
  private void awaitSubmitted() throws InterruptedException {
    var marker = submit(new EndpointId(1, ++markers), 100);
    assertEquals(List.of(id(100)), ids(nextOffer()));
    assertFalse(marker.isDone());
  }

  private static void accept(EndpointMessage.Offer offer) {
    List<Endpoint.Answer> answers =
        offer.offer().webhooks().stream()
            .<Endpoint.Answer>map(w -> new Endpoint.Accepted())
            .toList();
    offer.replyTo().tell(new EndpointMessage.Offered(offer.ticket(), answers, Optional.empty()));
  }

  private EndpointMessage.Offer nextOffer() throws InterruptedException {
    EndpointMessage.Offer offer = sent.poll(10, TimeUnit.SECONDS);
    if (offer == null) throw new AssertionError("nothing was offered");
    return offer;
  }

  private static List<WebhookId> ids(EndpointMessage.Offer offer) {
    return offer.offer().webhooks().stream().map(Endpoint.Offered::id).toList();
  }

  private static WebhookId id(int number) {
    return new WebhookId(1L << 32, number);
  }
}
