package io.kapsel.core.webhook;

import io.kapsel.core.limit.Allowance;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What an endpoint asks of a request besides signature and idempotency.
 *
 * @param contentTypes media types without parameters, in lower case, such as {@code
 *     application/json} or {@code text/*}; empty to take any
 * @param validateJson whether a body that is no JSON text is refused
 * @param rejectEmpty whether an empty body is refused
 * @param allowedOrigins who may send CloudEvents (the origins of {@code WebHook-Request-Origin}),
 *     {@code *} for anybody; empty when the endpoint gives no such consent
 * @param ratePerSecond requests taken per second, 0 for no limit but the tenant's
 * @param burst requests taken at once above the rate, 0 for a second's worth
 */
public record IntakeSettings(
    List<String> contentTypes,
    boolean validateJson,
    boolean rejectEmpty,
    List<String> allowedOrigins,
    double ratePerSecond,
    int burst) {
  public static final IntakeSettings DEFAULT =
      new IntakeSettings(List.of(), false, false, List.of());

  /** Without a limit of its own. */
  public IntakeSettings(
      List<String> contentTypes,
      boolean validateJson,
      boolean rejectEmpty,
      List<String> allowedOrigins) {
    this(contentTypes, validateJson, rejectEmpty, allowedOrigins, 0, 0);
  }

  public IntakeSettings {
    contentTypes = List.copyOf(contentTypes);
    allowedOrigins = List.copyOf(allowedOrigins);
  }

  /**
   * @param mediaType without parameters, in lower case
   */
  public boolean takes(String mediaType) {
    int slash = mediaType.indexOf('/');
    String family = mediaType.substring(0, Math.max(slash, 0)) + "/*";
    return contentTypes.isEmpty()
        || contentTypes.contains(mediaType)
        || contentTypes.contains(family);
  }

  public Allowance allowance() {
    return Allowance.of(ratePerSecond, burst);
  }

  public IntakeSettings withRate(double perSecond, int newBurst) {
    return new IntakeSettings(
        contentTypes, validateJson, rejectEmpty, allowedOrigins, perSecond, newBurst);
  }

  public boolean allowsOrigin(String origin) {
    return allowedOrigins.contains("*") || allowedOrigins.contains(origin.toLowerCase(Locale.ROOT));
  }

  /**
   * Why a body cannot be taken, empty when it can: {@code E1102} when it is not the one of its
   * {@code Content-Digest}, or is empty or no JSON where it must be, {@code E1103} when it must be
   * JSON and is encoded.
   */
  public Optional<Rejection> refuse(List<Header> headers, byte[] body) {
    if (ContentDigest.contradicts(headers, body)) {
      return invalid("The body does not match its Content-Digest.");
    }
    if (rejectEmpty && body.length == 0) return invalid("The body is empty.");
    if (!validateJson) return Optional.empty();
    if (HeaderLines.isEncoded(headers)) {
      return Optional.of(
          Rejection.of(
              ErrorCode.UNSUPPORTED_MEDIA_TYPE, "An encoded body cannot be checked to be JSON."));
    }
    String problem = BodyPathWalk.problem(body);
    return problem.isEmpty() ? Optional.empty() : invalid(problem);
  }

  private static Optional<Rejection> invalid(String detail) {
    return Optional.of(Rejection.of(ErrorCode.INVALID_PAYLOAD, detail));
  }
}
