package io.kapsel.manage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class FailedLoginsTest {
  private static final int BURST = 5;

  private long now = Long.MAX_VALUE - 1_000; // the clock may wrap
  private final FailedLogins logins = new FailedLogins(BURST, 1_000, 100, () -> now);

  private void exhaust(String address) {
    for (int i = 0; i < BURST; i++) assertEquals(0, logins.take(address));
  }

  private void pass(long seconds) {
    now += TimeUnit.SECONDS.toNanos(seconds);
  }

  @Test
  void after_a_burst_an_address_has_to_wait_for_each_further_try() {
    exhaust("192.0.2.1");
    int wait = logins.take("192.0.2.1");
    assertTrue(wait >= 1);
    pass(wait);
    assertEquals(0, logins.take("192.0.2.1"));
    assertTrue(logins.take("192.0.2.1") > 0);
  }

  @Test
  void other_addresses_do_not_wait() {
    exhaust("192.0.2.1");
    assertEquals(0, logins.take("192.0.2.2"));
  }

  @Test
  void an_ipv6_network_counts_as_one_address() {
    exhaust("2001:db8:0:1:0:0:0:1");
    assertTrue(logins.take("2001:db8:0:1:ffff:0:0:2") > 0);
    assertEquals(0, logins.take("2001:db8:0:2:0:0:0:1"));
  }

  @Test
  void a_right_key_costs_nothing() {
    for (int i = 0; i < 10 * BURST; i++) {
      assertEquals(0, logins.take("192.0.2.1"));
      logins.giveBack("192.0.2.1");
    }
  }

  @Test
  void a_burst_is_there_again_after_a_rest() {
    exhaust("192.0.2.1");
    pass(BURST + 1);
    exhaust("192.0.2.1");
  }
}
