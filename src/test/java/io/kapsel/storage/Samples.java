package io.kapsel.storage;

import io.kapsel.core.webhook.Body;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.Header;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.core.webhook.Webhook;
import io.kapsel.core.webhook.WebhookId;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Webhooks to store, and how to wait for what was asked. */
final class Samples {
  static final long NOON = 1_795_521_600_000L;
  private static final int DEADLINE_SECONDS = 60;

  /** With the patience that a machine needs on which many tests run. */
  static final ContentStoreSettings PATIENT_CONTENTS =
      new ContentStoreSettings(
          patient(ContentStoreSettings.DEFAULT.writing()),
          patient(ContentStoreSettings.DEFAULT.reading()),
          ContentStoreSettings.DEFAULT.cacheBytesMax(),
          600_000,
          ContentStoreSettings.DEFAULT.inlineBodyBytesMax());

  static final HistoryStoreSettings PATIENT_HISTORY =
      new HistoryStoreSettings(patient(HistoryStoreSettings.DEFAULT.writing()));

  private final SplittableRandom random;
  final TenantId tenant;
  final EndpointId endpoint;

  Samples() {
    this(7);
  }

  Samples(long seed) {
    random = new SplittableRandom(seed);
    tenant = TenantId.create(NOON, random);
    endpoint = EndpointId.create(NOON, random);
  }

  private static BatchLaneSettings patient(BatchLaneSettings lane) {
    return new BatchLaneSettings(
        lane.writers(),
        lane.batchItemsMax(),
        lane.batchBytesMax(),
        lane.queuedItemsMax(),
        lane.queuedBytesMax(),
        lane.gatherMicros(),
        1_000 * DEADLINE_SECONDS);
  }

  EndpointId newEndpoint() {
    return EndpointId.create(NOON, random);
  }

  TenantId newTenant() {
    return TenantId.create(NOON, random);
  }

  WebhookId id(long millis) {
    return WebhookId.create(millis, random);
  }

  Webhook webhook(int bodyBytes) {
    return webhook(NOON, bodyBytes);
  }

  Webhook webhook(long millis, int bodyBytes) {
    return webhook(id(millis), endpoint, bodyBytes);
  }

  Webhook webhook(WebhookId id, EndpointId owner, int bodyBytes) {
    return webhook(id, owner, tenant, bodyBytes);
  }

  Webhook webhook(WebhookId id, EndpointId owner, TenantId ownersTenant, int bodyBytes) {
    byte[] bytes = new byte[bodyBytes];
    random.nextBytes(bytes);
    return new Webhook(
        id,
        owner,
        ownersTenant,
        "application/json",
        List.of(
            new Header("Content-Type", "application/json"),
            new Header("X-Repeated", "first: with colon"),
            new Header("x-repeated", ""),
            new Header("X-Octets", "gr\u00fc\u00df \u0080\u00ff")),
        Body.wrap(bytes),
        sha256(bytes),
        "key-" + id.low(),
        random.nextLong());
  }

  static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  static <T extends @Nullable Object> T await(CompletionStage<T> stage) {
    try {
      return stage.toCompletableFuture().get(DEADLINE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) throw cause;
      throw new IllegalStateException(e);
    } catch (InterruptedException | TimeoutException e) {
      throw new IllegalStateException(e);
    }
  }

  static void until(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_SECONDS);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) throw new AssertionError("never happened: " + what);
      LockSupport.parkNanos(1_000_000);
    }
  }
}
