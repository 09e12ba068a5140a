package io.kapsel.simulation.service;

import io.kapsel.core.webhook.Body;
import io.kapsel.core.webhook.Header;
import io.kapsel.core.webhook.IdempotencySettings;
import io.kapsel.core.webhook.SignatureSettings;
import io.kapsel.core.webhook.StandardWebhooksSigner;
import io.kapsel.http.Response;
import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Option;
import io.kapsel.simulation.scenario.Options;
import io.kapsel.simulation.world.Node;
import io.kapsel.simulation.world.Randomness;
import io.kapsel.simulation.world.Timer;
import io.kapsel.simulation.world.World;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Whoever sends webhooks: signs them, waits for the answer, and tries again with the same key until
 * it is told 200 or that it makes no sense.
 */
public final class Senders {
  private static final long MILLI = 1_000_000;
  private static final int ATTEMPTS_MAX = 60;
  private static final long BACKOFF_MILLIS_MAX = 30_000;

  private final World world;
  private final Recorder recorder;
  private final Options options;
  private final Endpoints endpoints;
  private final Processes processes;
  private int unfinished;

  public Senders(
      World world, Recorder recorder, Options options, Endpoints endpoints, Processes processes) {
    this.world = world;
    this.recorder = recorder;
    this.options = options;
    this.endpoints = endpoints;
    this.processes = processes;
  }

  public void begin(Workload workload) {
    for (Workload.Sending sending : workload.sendings()) begin(sending);
  }

  public void begin(Workload.Sending sending) {
    unfinished++;
    world.later(
        sending.atMillis() * MILLI,
        "sender",
        () -> new Errand(sending, sending.name(), "a", !sending.badlySigned()).send(1));
  }

  /** Whether somebody still waits, or will send. */
  public boolean areBusy() {
    return unfinished > 0;
  }

  /** One webhook of one sender until it is done with it. */
  private final class Errand {
    private final Workload.Sending sending;
    private final Endpoints.Spec endpoint;
    private final String name;
    private final Body body;
    private final String key;
    private final boolean valid;
    private final boolean wellSigned;
    private final Randomness.Stream draws;
    private int attempt;
    private boolean open;

    Errand(Workload.Sending sending, String name, String variant, boolean wellSigned) {
      this.sending = sending;
      this.endpoint = endpoints.get(sending.endpoint());
      this.name = name;
      this.wellSigned = wellSigned || !endpoint.isSigned();
      this.body = Bodies.of(sending.name(), variant, sending.lane(), sending.bodyBytes());
      this.valid = this.wellSigned && body.length() <= Workload.BODY_BYTES_MAX;
      this.key = key();
      this.draws = world.randomness().stream("sender", name);
    }

    /** What makes two of its requests the same webhook, empty for nothing. */
    private String key() {
      IdempotencySettings settings = endpoint.config().idempotency();
      return switch (settings.strategy()) {
        case NONE -> "";
        case HEADER -> sending.keyed() || isStandard() ? "key-" + sending.name() : "";
        case SOURCE_ID -> sending.name();
        case CONTENT -> "content-" + Bodies.hash(body);
      };
    }

    private boolean isStandard() {
      return endpoint.config().signature().scheme() == SignatureSettings.Scheme.STANDARD_WEBHOOKS;
    }

    void send(int number) {
      attempt = number;
      open = true;
      Node node = processes.pick(draws);
      recorder.see(
          new Observation.Requested(
              recorder.now(),
              name,
              endpoint.name(),
              node == null ? "" : node.id(),
              number,
              key,
              Bodies.hash(body),
              valid));
      if (node == null) {
        fail(number, "no node takes requests");
        return;
      }
      boolean answerLost = draws.chance(options.real(Option.SENDER_ANSWER_LOST));
      long there = draws.between(MILLI / 5, 3 * MILLI);
      long back = draws.between(MILLI / 5, 3 * MILLI);
      Timer patience =
          world.later(
              options.whole(Option.SENDER_PATIENCE_MILLIS) * MILLI,
              "sender",
              () -> fail(number, "no answer in time"));
      world.schedule(
          Node.OUTSIDE,
          there,
          () -> {
            if (!node.alive()) {
              world.later(back, "sender", () -> fail(number, "connection refused"));
              return;
            }
            world.enqueue(
                node,
                "request",
                () ->
                    processes
                        .take(node, endpoint.id(), this::headers, body)
                        .whenComplete(
                            (response, failure) ->
                                world.later(
                                    back,
                                    "sender",
                                    () -> {
                                      if (answerLost || response == null)
                                        fail(number, "connection broken");
                                      else answered(number, response, patience);
                                    })));
          });
    }

    private List<Header> headers() {
      List<Header> headers = new ArrayList<>();
      headers.add(new Header("Host", "kapsel.example"));
      headers.add(new Header("Content-Type", "application/json"));
      SignatureSettings signature = endpoint.config().signature();
      byte[] signed = wellSigned ? body.unsafeBytes() : "other".getBytes(StandardCharsets.UTF_8);
      switch (signature.scheme()) {
        case STANDARD_WEBHOOKS ->
            headers.addAll(
                StandardWebhooksSigner.sign(
                    signature.secrets(), key, World.EPOCH_MILLIS + world.millis(), signed));
        case GITHUB ->
            headers.add(
                new Header(
                    "X-Hub-Signature-256",
                    "sha256=" + hmac(Endpoints.key(signature.secrets().get(0)), signed)));
        default -> {}
      }
      boolean inHeader =
          endpoint.config().idempotency().strategy() == IdempotencySettings.Strategy.HEADER;
      if (inHeader && !isStandard() && !key.isEmpty())
        headers.add(new Header("Idempotency-Key", key));
      return headers;
    }

    private void fail(int number, String why) {
      if (number != attempt || !open) return;
      open = false;
      recorder.see(new Observation.Unanswered(recorder.now(), name, endpoint.name(), number, why));
      again(0);
    }

    private void answered(int number, Response response, Timer patience) {
      if (number != attempt || !open) return;
      open = false;
      patience.cancel();
      String bytes = new String(response.body(), StandardCharsets.UTF_8);
      String event = response.status() == 200 ? between(bytes, "\"event_id\":\"") : "";
      String code = response.status() == 200 ? "" : between(bytes, "\"code\":\"");
      recorder.see(
          new Observation.Answered(
              recorder.now(),
              name,
              endpoint.name(),
              number,
              response.status(),
              code,
              event,
              bytes));
      if (response.status() == 200) acknowledged();
      else if (isWorthAnother(response.status())) again(retryAfterMillis(response));
      else giveUp();
    }

    private boolean isWorthAnother(int status) {
      if (!valid) return status >= 500;
      return switch (status) {
        case 404, 422 -> false;
        default -> true;
      };
    }

    private static long retryAfterMillis(Response response) {
      for (Header header : response.headers())
        if (header.isNamed("Retry-After")) return Long.parseLong(header.value()) * 1_000;
      return 0;
    }

    private void again(long notBeforeMillis) {
      if (attempt >= ATTEMPTS_MAX) {
        giveUp();
        return;
      }
      long backoff = Math.min(BACKOFF_MILLIS_MAX, 500L << Math.min(attempt, 10));
      long millis = Math.max(notBeforeMillis, draws.between(backoff / 2, backoff));
      world.later(millis * MILLI, "sender", () -> send(attempt + 1));
    }

    private void giveUp() {
      recorder.see(new Observation.SenderGaveUp(recorder.now(), name, endpoint.name()));
      unfinished--;
    }

    private void acknowledged() {
      unfinished--;
      if (!name.equals(sending.name())) return;
      if (sending.repeatAfterMillis() >= 0 && !key.isEmpty())
        later(sending.repeatAfterMillis(), new Errand(sending, name + "-again", "a", wellSigned));
      if (sending.otherBodyAfterMillis() >= 0 && !key.isEmpty())
        later(
            sending.otherBodyAfterMillis(), new Errand(sending, name + "-other", "b", wellSigned));
    }

    private void later(long millis, Errand errand) {
      unfinished++;
      world.later(millis * MILLI, "sender", () -> errand.send(1));
    }
  }

  private static String between(String text, String begin) {
    int from = text.indexOf(begin);
    if (from < 0) return "";
    from += begin.length();
    int to = text.indexOf('"', from);
    return to < 0 ? "" : text.substring(from, to);
  }

  private static String hmac(byte[] key, byte[] body) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return HexFormat.of().formatHex(mac.doFinal(body));
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
