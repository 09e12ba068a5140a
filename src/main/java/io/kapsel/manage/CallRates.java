package io.kapsel.manage;

import io.kapsel.core.limit.Allowance;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Rejection;
import io.kapsel.http.ProblemResponse;
import io.kapsel.http.Response;
import java.util.function.LongSupplier;

/** How many management calls a tenant, or the operator, may make on this node. */
final class CallRates {
  private static final int CALLERS_MAX = 100_000;

  private final Buckets buckets;

  /**
   * @param perSecond also the burst
   */
  CallRates(int perSecond, LongSupplier nanoTime) {
    this.buckets = new Buckets(Allowance.of(perSecond, perSecond), CALLERS_MAX, nanoTime);
  }

  Response refusal(int waitSeconds, String requestId) {
    Rejection rejection =
        Rejection.of(ErrorCode.RATE_LIMITED, "Too many management calls.")
            .withRetryAfterSeconds(waitSeconds)
            .under(Rejection.Policy.of("management", buckets.allowance()));
    return ProblemResponse.of(rejection, requestId);
  }

  /** Counts a call; returns 0, or the seconds to wait when it is one too many. */
  int take(Caller caller) {
    return buckets.take(
        switch (caller) {
          case Caller.Operator operator -> "operator";
          case Caller.OfTenant of -> of.tenant().toString();
        });
  }
}
