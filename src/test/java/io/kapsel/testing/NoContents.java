package io.kapsel.testing;

import io.kapsel.core.webhook.Webhook;
import io.kapsel.core.webhook.WebhookId;
import io.kapsel.storage.ContentStore;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** A store that nobody may use; tests override what they do use. */
public class NoContents implements ContentStore {
  @Override
  public CompletionStage<Void> store(Webhook webhook) {
    throw new UnsupportedOperationException();
  }

  @Override
  public CompletionStage<List<Webhook>> fetch(List<WebhookId> ids) {
    throw new UnsupportedOperationException();
  }

  @Override
  public CompletionStage<Void> remove(List<WebhookId> ids) {
    throw new UnsupportedOperationException();
  }

  @Override
  public CompletionStage<Stretch> withoutOutcome(WebhookId after, WebhookId until, int limit) {
    throw new UnsupportedOperationException();
  }

  @Override
  public CompletionStage<WebhookId> watermark() {
    throw new UnsupportedOperationException();
  }

  @Override
  public CompletionStage<@Nullable Void> advance(WebhookId watermark) {
    throw new UnsupportedOperationException();
  }
}
