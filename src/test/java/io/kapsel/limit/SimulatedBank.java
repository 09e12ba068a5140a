package io.kapsel.limit;

import io.kapsel.core.limit.Allowance;
import io.kapsel.core.limit.TokenBucket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;

/** A bank on a virtual clock that answers when it is told to, or as it is told to. */
final class SimulatedBank implements TokenBank {
  /** How it behaves. */
  interface Manners {
    CompletionStage<Grant> answer(CompletableFuture<Grant> honest);
  }

  private static final class Account {
    private final TokenBucket bucket;
    private long spent;

    Account(Allowance allowance, long now) {
      bucket = new TokenBucket(allowance, now);
      spent = bucket.full();
    }

    Grant grant(long wanted, long now) {
      long tokens = Math.min(wanted, bucket.tokens(spent, now));
      if (tokens > 0) spent = bucket.take(spent, tokens, now);
      return new Grant(tokens, tokens < wanted ? bucket.waitNanos(spent, now) : 0);
    }
  }

  private final LongSupplier nanos;
  private final Map<String, Account> accounts = new TreeMap<>();
  private final List<Runnable> later = new ArrayList<>();
  private Manners manners = honest -> honest;
  private boolean late;
  int asked;
  int probed;
  long granted;

  SimulatedBank(LongSupplier nanos) {
    this.nanos = nanos;
  }

  void behaves(Manners to) {
    manners = to;
  }

  void fails(Trouble trouble) {
    manners = honest -> CompletableFuture.failedFuture(new Unreliable(trouble, "as told"));
  }

  void recovers() {
    manners = honest -> honest;
  }

  /** Answers only when told to. */
  void answersLate() {
    late = true;
  }

  void answersNow() {
    late = false;
    List<Runnable> due = new ArrayList<>(later);
    later.clear();
    due.forEach(Runnable::run);
  }

  void forgetsEverything() {
    accounts.clear();
  }

  @Override
  public CompletionStage<Grant> ask(String account, Allowance allowance, long tokens) {
    asked++;
    CompletableFuture<Grant> answer = new CompletableFuture<>();
    Runnable answering =
        () -> {
          Grant grant =
              accounts
                  .computeIfAbsent(account, name -> new Account(allowance, nanos.getAsLong()))
                  .grant(tokens, nanos.getAsLong());
          granted += grant.tokens();
          var unused =
              manners
                  .answer(CompletableFuture.completedFuture(grant))
                  .whenComplete(
                      (given, failure) -> {
                        if (failure != null) answer.completeExceptionally(failure);
                        else answer.complete(given);
                      });
        };
    if (late) later.add(answering);
    else answering.run();
    return answer;
  }

  @Override
  public CompletionStage<?> probe() {
    probed++;
    return manners.answer(CompletableFuture.completedFuture(new Grant(0, 0)));
  }
}
