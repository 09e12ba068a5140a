package io.kapsel.simulation.service;

import io.kapsel.core.limit.Allowance;
import io.kapsel.core.limit.TokenBucket;
import io.kapsel.limit.TokenBank;
import io.kapsel.simulation.world.Node;
import io.kapsel.simulation.world.Randomness;
import io.kapsel.simulation.world.Timer;
import io.kapsel.simulation.world.World;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * The bank of shared limits with its weather. It keeps nothing through a flush; as in production,
 * whoever asks is told once that the buckets are others, and these begin empty.
 */
public final class SimulatedBank {
  private static final long LATENCY_NANOS_MIN = 50_000;
  private static final long LATENCY_NANOS_MAX = 1_000_000;
  private static final long MILLI = 1_000_000;

  private static final class Account {
    final TokenBucket bucket;
    long spent;

    Account(TokenBucket bucket, long spent) {
      this.bucket = bucket;
      this.spent = spent;
    }

    TokenBank.Grant grant(long wanted, long now) {
      long tokens = Math.min(wanted, bucket.tokens(spent, now));
      if (tokens > 0) spent = bucket.take(spent, tokens, now);
      return new TokenBank.Grant(tokens, tokens < wanted ? bucket.waitNanos(spent, now) : 0);
    }
  }

  private final World world;
  private final Map<String, Account> accounts = new TreeMap<>();
  private int generation;
  private long flushedAtNanos;
  private boolean down;
  private double slowdown = 1;

  public SimulatedBank(World world) {
    this.world = world;
  }

  public void setDown(boolean isDown) {
    down = isDown;
  }

  /** Multiplies every latency. */
  public void slow(double factor) {
    slowdown = factor;
  }

  public void flush() {
    accounts.clear();
    generation++;
    flushedAtNanos = world.nanoTime();
  }

  public void calm() {
    down = false;
    slowdown = 1;
  }

  private TokenBank.Grant grant(String name, Allowance allowance, long tokens) {
    Account account = accounts.computeIfAbsent(name, unknown -> open(allowance));
    return account.grant(tokens, world.nanoTime());
  }

  private Account open(Allowance allowance) {
    if (generation > 0) return new Account(new TokenBucket(allowance, flushedAtNanos), 0);
    TokenBucket bucket = new TokenBucket(allowance, world.nanoTime());
    return new Account(bucket, bucket.full());
  }

  /** One node's way to it. */
  TokenBank from(Node node, long answerMillisMax) {
    return new Client(node, answerMillisMax);
  }

  private final class Client implements TokenBank {
    private final Node node;
    private final long answerMillisMax;
    private int known = -1;
    private int questions;

    Client(Node node, long answerMillisMax) {
      this.node = node;
      this.answerMillisMax = answerMillisMax;
    }

    @Override
    public CompletionStage<Grant> ask(String account, Allowance allowance, long tokens) {
      return question(() -> grant(account, allowance, tokens));
    }

    @Override
    public CompletionStage<?> probe() {
      return question(() -> new Grant(0, 0));
    }

    private CompletableFuture<Grant> question(Supplier<Grant> operation) {
      CompletableFuture<Grant> answer = new CompletableFuture<>();
      Randomness.Stream draws = world.randomness().stream("bank/" + node.id(), ++questions);
      long there = latency(draws);
      long back = latency(draws);
      Timer patience =
          world.schedule(
              node,
              answerMillisMax * MILLI,
              () -> world.enqueue(node, "bank", () -> fail(answer, Trouble.SLOW)));
      world.schedule(
          Node.OUTSIDE,
          there,
          () -> {
            boolean broken = down;
            int present = generation;
            Grant grant = broken ? new Grant(0, 0) : operation.get();
            world.schedule(
                node,
                back,
                () ->
                    world.enqueue(
                        node,
                        "bank",
                        () -> {
                          patience.cancel();
                          if (broken) fail(answer, Trouble.DOWN);
                          else take(answer, present, grant);
                        }));
          });
      return answer;
    }

    private void take(CompletableFuture<Grant> answer, int present, Grant grant) {
      boolean isOther = known >= 0 && known != present;
      known = present;
      if (isOther) fail(answer, Trouble.FLUSHED);
      else answer.complete(grant);
    }

    private static void fail(CompletableFuture<Grant> answer, Trouble trouble) {
      answer.completeExceptionally(new Unreliable(trouble, trouble.name()));
    }

    private long latency(Randomness.Stream draws) {
      return (long) (draws.between(LATENCY_NANOS_MIN, LATENCY_NANOS_MAX) * slowdown);
    }
  }
}
