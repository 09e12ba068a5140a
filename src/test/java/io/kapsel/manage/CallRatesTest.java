package io.kapsel.manage;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.kapsel.core.webhook.TenantId;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class CallRatesTest {
  private static final Caller ONE = new Caller.OfTenant(new TenantId(1, 1), Set.of());
  private static final Caller OTHER = new Caller.OfTenant(new TenantId(1, 2), Set.of());

  private final AtomicLong nanos = new AtomicLong();
  private final CallRates rates = new CallRates(2, nanos::get);

  @Test
  void one_call_too_many_waits_and_is_free_again_after_that_time() {
    assertEquals(0, rates.take(ONE));
    assertEquals(0, rates.take(ONE));
    assertEquals(1, rates.take(ONE));
    nanos.addAndGet(500_000_000);
    assertEquals(0, rates.take(ONE));
    assertEquals(1, rates.take(ONE));
  }

  @Test
  void callers_do_not_take_from_each_other() {
    rates.take(ONE);
    rates.take(ONE);
    assertEquals(1, rates.take(ONE));
    assertEquals(0, rates.take(OTHER));
    assertEquals(0, rates.take(new Caller.Operator()));
  }
}
