package io.kapsel.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.kapsel.core.webhook.Body;
import io.kapsel.core.webhook.Header;
import io.kapsel.core.webhook.Secret;
import io.kapsel.core.webhook.StandardWebhooksSigner;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Webhooks as some providers send them, signed by their schemes. */
enum Sample {
  PLAIN,
  GITHUB,
  STRIPE,
  SHOPIFY;

  /**
   * @param headers without the content length
   */
  record Message(List<Header> headers, Body body) {}

  /**
   * A message that differs from every other one.
   *
   * @param body instead of the provider's own
   */
  Message message(
      long nowMillis, RandomGenerator random, Optional<byte[]> body, Optional<Secret> secret) {
    String id = HexFormat.of().toHexDigits(random.nextLong());
    byte[] bytes = body.orElseGet(() -> text(id, nowMillis).getBytes(UTF_8));
    List<Header> headers = new ArrayList<>();
    headers.add(new Header("Content-Type", "application/json"));
    switch (this) {
      case PLAIN -> {}
      case GITHUB -> {
        headers.add(new Header("User-Agent", "GitHub-Hookshot/" + id.substring(0, 7)));
        headers.add(new Header("X-GitHub-Event", "push"));
        headers.add(new Header("X-GitHub-Delivery", id));
      }
      case STRIPE ->
          headers.add(new Header("User-Agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)"));
      case SHOPIFY -> {
        headers.add(new Header("X-Shopify-Topic", "orders/create"));
        headers.add(new Header("X-Shopify-Shop-Domain", "example.myshopify.com"));
        headers.add(new Header("X-Shopify-Webhook-Id", id));
      }
    }
    secret.ifPresent(key -> headers.addAll(signature(key, id, nowMillis, bytes)));
    return new Message(headers, Body.wrap(bytes));
  }

  private String text(String id, long nowMillis) {
    Instant now = Instant.ofEpochMilli(nowMillis);
    return switch (this) {
      case PLAIN ->
          """
          {"type":"greeting.sent","timestamp":"%s","data":{"id":"%s","text":"Hello"}}"""
              .formatted(now, id);
      case GITHUB ->
          """
          {"ref":"refs/heads/main","after":"%s","repository":{"id":1,"full_name":"example/hello"},\
          "pusher":{"name":"example"},"head_commit":{"id":"%s","message":"Say hello","timestamp":"%s"}}"""
              .formatted(id, id, now);
      case STRIPE ->
          """
          {"id":"evt_%s","object":"event","type":"payment_intent.succeeded","created":%d,\
          "data":{"object":{"id":"pi_%s","object":"payment_intent","amount":2000,"currency":"eur"}}}"""
              .formatted(id, now.getEpochSecond(), id);
      case SHOPIFY ->
          """
          {"id":"%s","created_at":"%s","currency":"EUR","total_price":"20.00",\
          "line_items":[{"title":"Hello","quantity":1}]}"""
              .formatted(id, now);
    };
  }

  private List<Header> signature(Secret secret, String id, long nowMillis, byte[] body) {
    byte[] key = secret.value().getBytes(UTF_8);
    return switch (this) {
      case PLAIN -> StandardWebhooksSigner.sign(List.of(secret), "msg_" + id, nowMillis, body);
      case GITHUB ->
          List.of(
              new Header(
                  "X-Hub-Signature-256", "sha256=" + HexFormat.of().formatHex(hmac(key, body))));
      case STRIPE -> {
        long seconds = Math.floorDiv(nowMillis, 1000L);
        byte[] code = hmac(key, (seconds + ".").getBytes(UTF_8), body);
        yield List.of(
            new Header(
                "Stripe-Signature", "t=" + seconds + ",v1=" + HexFormat.of().formatHex(code)));
      }
      case SHOPIFY ->
          List.of(
              new Header(
                  "X-Shopify-Hmac-Sha256", Base64.getEncoder().encodeToString(hmac(key, body))));
    };
  }

  private static byte[] hmac(byte[] key, byte[]... parts) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      for (byte[] part : parts) mac.update(part);
      return mac.doFinal();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has HmacSHA256", e);
    }
  }
}
