package io.kapsel.core.endpoint;

/**
 * When an endpoint stops attempting and how it comes back.
 *
 * @param consecutiveFailures opens after this many failures in a row
 * @param failureRate opens when this share of the last {@code window} outcomes failed
 * @param openMillis how long it stays open before probing
 * @param halfOpenSuccesses probes that must succeed in a row before it closes
 */
public record CircuitPolicy(
    int consecutiveFailures,
    double failureRate,
    int window,
    long openMillis,
    int halfOpenSuccesses) {
  public static final CircuitPolicy DEFAULT = new CircuitPolicy(5, 0.5, 10, 30_000, 3);

  /** The window is kept as bits of a long. */
  public static final int WINDOW_MAX = 64;
}
