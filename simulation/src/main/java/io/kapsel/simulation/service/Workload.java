package io.kapsel.simulation.service;

import io.kapsel.simulation.scenario.Option;
import io.kapsel.simulation.scenario.Options;
import io.kapsel.simulation.world.Randomness;
import java.util.ArrayList;
import java.util.List;

/**
 * What senders will send, as data. Each webhook is a function of the seed and its number: with
 * fewer of them the rest stays.
 */
public record Workload(List<Sending> sendings) {
  private static final int BODY_BYTES_USUAL = 60;
  private static final int BURST_MILLIS = 5_000;

  /** Senders know no webhook larger than this, the service of a run takes none. */
  static final int BODY_BYTES_MAX = 4_096;

  /**
   * One webhook and how its sender will go about it.
   *
   * @param name {@code w1}, {@code w2}, …
   * @param keyed whether it carries an idempotency key, where the endpoint knows keys in headers
   * @param lane what keyed ordering goes by
   * @param repeatAfterMillis sent again so long after its acknowledgement, -1 for never
   * @param otherBodyAfterMillis sent again with another body so long after, -1 for never
   */
  public record Sending(
      String name,
      String endpoint,
      long atMillis,
      boolean keyed,
      String lane,
      int bodyBytes,
      boolean badlySigned,
      long repeatAfterMillis,
      long otherBodyAfterMillis) {}

  public static Workload of(Options options, Randomness randomness) {
    List<Sending> sendings = new ArrayList<>();
    int endpoints = options.count(Option.ENDPOINTS);
    long loadMillis = options.whole(Option.LOAD_SECONDS) * 1_000;
    for (int i = 1; i <= options.count(Option.WEBHOOKS); i++)
      sendings.add(sending("w" + i, options, loadMillis, endpoints, randomness));
    return new Workload(List.copyOf(sendings));
  }

  /** A plain webhook that must go through. */
  public static Sending probe(String endpoint, int number) {
    return new Sending(
        "p" + number + "-" + endpoint,
        endpoint,
        1_000L * number,
        true,
        "l",
        BODY_BYTES_USUAL,
        false,
        -1,
        -1);
  }

  private static Sending sending(
      String name, Options options, long loadMillis, int endpoints, Randomness randomness) {
    Randomness.Stream draws = randomness.stream("webhook", name);
    long at = draws.between(0, Math.max(1, loadMillis));
    boolean inBurst = draws.chance(options.real(Option.SENDER_BURSTS));
    if (inBurst) at = at / BURST_MILLIS * BURST_MILLIS;
    String endpoint = "e" + (1 + draws.below(endpoints));
    boolean keyed = !draws.chance(options.real(Option.SENDER_KEYLESS));
    String lane = "l" + draws.below(3);
    boolean oversize = draws.chance(options.real(Option.SENDER_OVERSIZE));
    int bytes = oversize ? BODY_BYTES_MAX + 1 : BODY_BYTES_USUAL + draws.below(200);
    boolean bad = draws.chance(options.real(Option.SENDER_BAD_SIGNATURE));
    double span = draws.logUniform(1, 60_000);
    long repeat = draws.chance(options.real(Option.SENDER_REPEATS)) ? Math.round(span) : -1;
    long other = draws.chance(options.real(Option.SENDER_OTHER_BODY)) ? Math.round(span) : -1;
    return new Sending(name, endpoint, at, keyed, lane, bytes, bad, repeat, other);
  }
}
