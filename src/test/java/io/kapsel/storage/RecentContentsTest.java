package io.kapsel.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.kapsel.core.webhook.Webhook;
import io.kapsel.core.webhook.WebhookId;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.DisplayNameGeneration;
import org.junit.jupiter.api.DisplayNameGenerator;
import org.junit.jupiter.api.Test;

@DisplayNameGeneration(DisplayNameGenerator.ReplaceUnderscores.class)
class RecentContentsTest {
  private static final long AGE_MAX = 1_000;

  private final AtomicLong now = new AtomicLong();
  private final Samples samples = new Samples();
  private final Webhook first = samples.webhook(100);
  private final Webhook second = samples.webhook(100);
  private final RecentContents recent = new RecentContents(1 << 20, AGE_MAX, now::get);

  @Test
  void what_was_put_is_taken_once() {
    recent.put(first);
    assertEquals(List.of(first), take(first));
    assertEquals(List.of(), take(first));
    assertEquals(0, recent.bytes());
  }

  @Test
  void what_is_old_may_have_been_erased_and_is_not_found() {
    recent.put(first);
    now.set(AGE_MAX);
    recent.put(second);
    now.set(AGE_MAX + 1);
    assertEquals(List.of(second), take(first, second));
    assertEquals(0, recent.bytes());
  }

  @Test
  void what_is_old_leaves_memory_when_something_new_comes() {
    recent.put(first);
    now.set(AGE_MAX + 1);
    recent.put(second);
    assertEquals(RecentContents.bytesOf(second), recent.bytes());
  }

  private List<Webhook> take(Webhook... webhooks) {
    var found = new ArrayList<Webhook>();
    var missing = new ArrayList<WebhookId>();
    recent.take(List.of(webhooks).stream().map(Webhook::id).toList(), found, missing);
    assertEquals(webhooks.length, found.size() + missing.size());
    return found;
  }
}
