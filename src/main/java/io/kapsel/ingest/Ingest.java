package io.kapsel.ingest;

import io.kapsel.core.endpoint.DeliverySettings;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.KeyHash;
import io.kapsel.core.endpoint.Status;
import io.kapsel.core.webhook.Body;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Header;
import io.kapsel.core.webhook.IdempotencyKey;
import io.kapsel.core.webhook.IntakeSettings;
import io.kapsel.core.webhook.OrderingKey;
import io.kapsel.core.webhook.Rejection;
import io.kapsel.core.webhook.Sha256;
import io.kapsel.core.webhook.SignatureVerifier;
import io.kapsel.core.webhook.Webhook;
import io.kapsel.core.webhook.WebhookId;
import io.kapsel.endpoint.EndpointView;
import io.kapsel.endpoint.Endpoints;
import io.kapsel.limit.Counting;
import io.kapsel.limit.IngestGate;
import io.kapsel.storage.ContentStore;
import io.kapsel.storage.EndpointDirectory;
import io.kapsel.storage.StorageOverloaded;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * From a complete request to its answer: verify, find the key, store the content, offer it to the
 * endpoint's actor. Only what is durable and owned is accepted.
 */
public final class Ingest {
  private static final int OUTDATED_RETRIES = 3;
  private static final int DATABASE_RETRY_SECONDS = 5;
  private static final CompletableFuture<Entrance> UNREACHABLE =
      CompletableFuture.completedFuture(closedByDatabase());

  /**
   * A complete request.
   *
   * @param url as the sender knows it, for schemes that sign the URL; empty when unknown
   */
  public record Request(
      String method, String url, String contentType, List<Header> headers, Body body) {}

  private final IngestSettingsCache settings;
  private final IngestGate gate;
  private final ContentStore contents;
  private final Offers offers;
  private final InstantSource clock;
  private final InstantSource wall;
  private final RandomGenerator random;

  /** Hands a stored webhook to the gateway that is responsible for its endpoint. */
  @FunctionalInterface
  public interface Offers {
    void submit(OfferGateway.Submit submit);
  }

  /**
   * @param endpointsCachedMax endpoints whose settings are remembered
   * @param endpointsCachedFor how long, without a request
   */
  public static Ingest create(
      EndpointDirectory directory,
      Endpoints endpoints,
      int endpointsCachedMax,
      Duration endpointsCachedFor,
      IngestGate gate,
      ContentStore contents,
      Offers offers,
      InstantSource clock,
      InstantSource wall,
      RandomGenerator random) {
    return new Ingest(
        new IngestSettingsCache(
            directory, endpoints, clock, endpointsCachedMax, endpointsCachedFor),
        gate,
        contents,
        offers,
        clock,
        wall,
        random);
  }

  private Ingest(
      IngestSettingsCache settings,
      IngestGate gate,
      ContentStore contents,
      Offers offers,
      InstantSource clock,
      InstantSource wall,
      RandomGenerator random) {
    this.settings = settings;
    this.gate = gate;
    this.contents = contents;
    this.offers = offers;
    this.clock = clock;
    this.wall = wall;
    this.random = random;
  }

  /**
   * Whether the endpoint takes such a request at all, and now. Never fails.
   *
   * @param mediaType without parameters, in lower case; empty when it does not matter: then the
   *     question counts against no limit
   */
  public CompletionStage<Entrance> admit(EndpointId id, String mediaType) {
    CompletableFuture<IngestSettingsCache.Entry> known = settings.get(id);
    return known.isDone() && !known.isCompletedExceptionally()
        ? admit(id, mediaType, known.join())
        : known
            .handle((entry, failure) -> failure == null ? admit(id, mediaType, entry) : UNREACHABLE)
            .thenCompose(answer -> answer);
  }

  private CompletionStage<Entrance> admit(
      EndpointId id, String mediaType, IngestSettingsCache.Entry entry) {
    Entrance entrance = entrance(entry.view(), mediaType);
    boolean certain =
        entry.isFreshAt(clock.millis())
            || entry.view().isEmpty()
            || (entrance instanceof Entrance.Open && !mediaType.isEmpty());
    return certain ? within(id, mediaType, entry, entrance) : admitAnew(id, mediaType);
  }

  private CompletionStage<Entrance> admitAnew(EndpointId id, String mediaType) {
    return settings
        .load(id)
        .handle(
            (fresh, failure) ->
                failure == null
                    ? within(id, mediaType, fresh, entrance(fresh.view(), mediaType))
                    : UNREACHABLE)
        .thenCompose(answer -> answer);
  }

  /** The rate limits come after the endpoint and before what the request is like. */
  private CompletionStage<Entrance> within(
      EndpointId id, String mediaType, IngestSettingsCache.Entry entry, Entrance entrance) {
    if (mediaType.isEmpty() || entrance instanceof Entrance.Closed)
      return CompletableFuture.completedFuture(entrance);
    EndpointView view = entry.view().orElseThrow();
    IntakeSettings intake = view.config().intake();
    CompletableFuture<Optional<Rejection>> ruling =
        gate.admit(view.tenant(), id, intake.allowance());
    if (ruling.isDone() && ruling.join().isEmpty())
      return CompletableFuture.completedFuture(entrance);
    return ruling.thenCompose(
        refused -> {
          if (refused.isEmpty()) return CompletableFuture.completedFuture(entrance);
          boolean outdated = intake.ratePerSecond() > 0 && !entry.isFreshAt(clock.millis());
          return outdated
              ? admitAnew(id, mediaType)
              : CompletableFuture.completedFuture(new Entrance.Closed(refused.get()));
        });
  }

  private static Entrance entrance(Optional<EndpointView> found, String mediaType) {
    Optional<Rejection> closed = closed(found);
    if (closed.isPresent()) return new Entrance.Closed(closed.get());
    IntakeSettings intake = found.orElseThrow().config().intake();
    return mediaType.isEmpty() || intake.takes(mediaType)
        ? new Entrance.Open(intake)
        : new Entrance.OtherMediaType(intake);
  }

  private static Entrance closedByDatabase() {
    return new Entrance.Closed(databaseUnavailable());
  }

  private static Optional<Rejection> closed(Optional<EndpointView> found) {
    if (found.isEmpty() || found.get().status() == Status.DELETED)
      return Optional.of(Rejection.of(ErrorCode.INVALID_ENDPOINT));
    return found.get().status() == Status.DISABLED
        ? Optional.of(Rejection.of(ErrorCode.ENDPOINT_DISABLED))
        : Optional.empty();
  }

  /** What goes wrong is a rejection; fails only for a bug. */
  public CompletionStage<IngestReply> accept(EndpointId id, Request request) {
    CompletableFuture<IngestReply> reply = new CompletableFuture<>();
    new Admission(id, request, reply).begin();
    return reply;
  }

  private sealed interface Judgement {}

  private record Admitted(EndpointView view, Webhook webhook) implements Judgement {}

  private record Denied(Rejection rejection) implements Judgement {}

  /** One request on its way through. */
  private final class Admission {
    private final EndpointId id;
    private final Request request;
    private final CompletableFuture<IngestReply> reply;
    private final byte[] bodySha256;
    private Counting counted = Counting.Unlimited.INSTANCE;
    private int outdated;

    Admission(EndpointId id, Request request, CompletableFuture<IngestReply> reply) {
      this.id = id;
      this.request = request;
      this.reply = reply;
      this.bodySha256 = Sha256.of(request.body().unsafeBytes());
    }

    void begin() {
      with(settings.get(id), false);
    }

    private void with(CompletableFuture<IngestSettingsCache.Entry> loading, boolean reloaded) {
      var unused =
          loading.whenComplete(
              (entry, failure) -> {
                try {
                  if (failure != null) reject(databaseUnavailable());
                  else judge(entry, reloaded);
                } catch (RuntimeException bug) {
                  // Nobody looks at what becomes of this stage: the sender would wait in vain.
                  reply.completeExceptionally(bug);
                }
              });
    }

    /** A refusal under settings that may be outdated is only final once they were loaded anew. */
    private void judge(IngestSettingsCache.Entry entry, boolean reloaded) {
      Judgement judgement = judge(entry.view());
      switch (judgement) {
        case Admitted admitted -> count(admitted);
        case Denied denied
            when !reloaded
                && denied.rejection().code() != ErrorCode.INVALID_ENDPOINT
                && !entry.isFreshAt(clock.millis()) ->
            with(settings.load(id), true);
        case Denied denied -> reject(denied.rejection());
      }
    }

    private Judgement judge(Optional<EndpointView> found) {
      Optional<Rejection> closed = closed(found);
      if (closed.isPresent()) return new Denied(closed.get());
      EndpointView view = found.orElseThrow();
      Optional<Rejection> illegible =
          SignatureVerifier.illegible(view.config().signature(), request.headers());
      if (illegible.isPresent()) return new Denied(illegible.get());
      Optional<Rejection> unsigned =
          SignatureVerifier.verify(
              view.config().signature(),
              wall.millis(),
              request.headers(),
              request.body().unsafeBytes(),
              request.method(),
              request.url());
      if (unsigned.isPresent()) return new Denied(unsigned.get());
      IdempotencyKey key =
          IdempotencyKey.extract(
              view.config().idempotency(),
              view.config().signature().scheme(),
              request.headers(),
              request.body().unsafeBytes(),
              bodySha256);
      if (key instanceof IdempotencyKey.Refused refused) return new Denied(refused.rejection());
      Optional<Rejection> unacceptable =
          view.config().intake().refuse(request.headers(), request.body().unsafeBytes());
      if (unacceptable.isPresent()) return new Denied(unacceptable.get());
      return new Admitted(view, webhook(view, key instanceof IdempotencyKey.Key k ? k.text() : ""));
    }

    private Webhook webhook(EndpointView view, String key) {
      DeliverySettings delivery = view.config().delivery();
      long lane =
          delivery.ordering() == DeliverySettings.Ordering.KEYED
              ? OrderingKey.lane(
                  delivery.orderingKey(), request.headers(), request.body().unsafeBytes())
              : 0;
      return new Webhook(
          WebhookId.create(clock.millis(), random),
          id,
          view.tenant(),
          request.contentType(),
          request.headers(),
          request.body(),
          bodySha256,
          key,
          lane);
    }

    private void count(Admitted admitted) {
      var unused =
          gate.count(admitted.view().tenant())
              .whenComplete(
                  (counting, failure) -> {
                    if (failure != null) {
                      reject(isOverload(failure) ? queueFull() : databaseUnavailable());
                    } else if (counting instanceof Counting.Refused refused) {
                      reject(refused.rejection());
                    } else {
                      counted = counting;
                      store(admitted);
                    }
                  });
    }

    private void store(Admitted admitted) {
      contents
          .store(admitted.webhook())
          .whenComplete(
              (stored, failure) -> {
                if (failure == null) {
                  offer(admitted);
                } else {
                  counted.giveBack();
                  reject(isOverload(failure) ? queueFull() : databaseUnavailable());
                }
              });
    }

    private void offer(Admitted admitted) {
      CompletableFuture<OfferGateway.Result> result = new CompletableFuture<>();
      var unused = result.whenComplete((answer, never) -> answered(admitted.webhook(), answer));
      offers.submit(
          new OfferGateway.Submit(
              id, admitted.view().version(), offered(admitted.webhook()), result));
    }

    private void answered(Webhook webhook, OfferGateway.Result result) {
      switch (result) {
        case OfferGateway.Answered answered -> {
          switch (answered.answer()) {
            case Endpoint.Accepted accepted ->
                reply.complete(new IngestReply.Accepted(webhook.id(), false));
            case Endpoint.Duplicate duplicate -> {
              discard(webhook);
              reply.complete(new IngestReply.Accepted(duplicate.first(), true));
            }
            case Endpoint.Declined declined -> {
              discard(webhook);
              reject(declined.rejection());
            }
          }
        }
        case OfferGateway.Outdated current -> {
          discard(webhook);
          settings.put(current.current());
          if (outdated++ < OUTDATED_RETRIES) begin();
          else reject(queueFull());
        }
        case OfferGateway.Unanswered unanswered -> reject(databaseUnavailable());
        case OfferGateway.Overloaded overloaded -> {
          discard(webhook);
          reject(queueFull());
        }
      }
    }

    /** Content that nobody will own. If this is lost, the reconciler finds the content again. */
    private void discard(Webhook webhook) {
      counted.giveBack();
      var unused = contents.remove(List.of(webhook.id()));
    }

    private void reject(Rejection rejection) {
      reply.complete(new IngestReply.Rejected(rejection));
    }
  }

  private static boolean isOverload(@Nullable Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    return cause instanceof StorageOverloaded;
  }

  private static Rejection databaseUnavailable() {
    return Rejection.of(ErrorCode.DATABASE_UNAVAILABLE)
        .withRetryAfterSeconds(DATABASE_RETRY_SECONDS);
  }

  private static Rejection queueFull() {
    return Rejection.of(ErrorCode.QUEUE_FULL).withRetryAfterSeconds(1);
  }

  /** The form in which an endpoint's actor is asked to own a stored webhook. */
  static Endpoint.Offered offered(Webhook webhook) {
    long bodyHash = ByteBuffer.wrap(webhook.bodySha256()).getLong();
    if (webhook.idempotencyKey().isEmpty())
      return new Endpoint.Offered(webhook.id(), null, bodyHash, webhook.laneKey());
    ByteBuffer key =
        ByteBuffer.wrap(Sha256.of(webhook.idempotencyKey().getBytes(StandardCharsets.UTF_8)));
    return new Endpoint.Offered(
        webhook.id(), new KeyHash(key.getLong(), key.getLong()), bodyHash, webhook.laneKey());
  }
}
