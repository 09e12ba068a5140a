package io.kapsel.core.webhook;

/**
 * How an endpoint recognises a duplicate.
 *
 * @param jsonPath RFC 9535 path of the event id in the body, for {@link Strategy#SOURCE_ID}
 * @param required whether a webhook without a key is refused
 */
public record IdempotencySettings(Strategy strategy, String jsonPath, boolean required) {
  public enum Strategy {
    HEADER,
    CONTENT,
    SOURCE_ID,
    NONE
  }

  public static final IdempotencySettings DEFAULT =
      new IdempotencySettings(Strategy.HEADER, "", false);
}
