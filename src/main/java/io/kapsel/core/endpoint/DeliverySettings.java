package io.kapsel.core.endpoint;

import io.kapsel.core.webhook.Header;
import io.kapsel.core.webhook.Secret;
import java.util.List;

/**
 * How webhooks leave.
 *
 * @param timeoutMillis from the start of the connection to the end of the response
 * @param maxInFlight attempts at the same time; {@code fifo} always has one
 * @param ratePerSecond attempts per second, 0 for no limit
 * @param orderingKey JSONPath into the body, or {@code header:Name}, for {@link Ordering#KEYED}
 * @param headers added to every attempt
 * @param forwardHeaders which received headers are sent on
 * @param forwardHeaderNames the names, for {@link Forward#LISTED}
 * @param signingSecrets Standard Webhooks secrets, current first
 * @param auth how the destination knows us
 * @param tls what is special about the encryption
 */
public record DeliverySettings(
    int timeoutMillis,
    int maxInFlight,
    double ratePerSecond,
    Ordering ordering,
    String orderingKey,
    List<Header> headers,
    Forward forwardHeaders,
    List<String> forwardHeaderNames,
    boolean signingEnabled,
    List<SigningSecret> signingSecrets,
    DestinationAuth auth,
    DestinationTls tls) {

  public enum Ordering {
    PARALLEL,
    FIFO,
    KEYED
  }

  public enum Forward {
    ALL,
    NONE,
    LISTED
  }

  /**
   * @param expiresAtMillis when a rotated secret stops signing, 0 for the current one
   */
  public record SigningSecret(Secret secret, long expiresAtMillis) {}

  /** The current one and those that are still being phased out. */
  public static final int SIGNING_SECRETS_MAX = 10;

  public static final DeliverySettings DEFAULT =
      new DeliverySettings(
          30_000,
          100,
          0,
          Ordering.PARALLEL,
          "",
          List.of(),
          Forward.ALL,
          List.of(),
          true,
          List.of());

  /** To a destination that asks for nothing but the signature. */
  public DeliverySettings(
      int timeoutMillis,
      int maxInFlight,
      double ratePerSecond,
      Ordering ordering,
      String orderingKey,
      List<Header> headers,
      Forward forwardHeaders,
      List<String> forwardHeaderNames,
      boolean signingEnabled,
      List<SigningSecret> signingSecrets) {
    this(
        timeoutMillis,
        maxInFlight,
        ratePerSecond,
        ordering,
        orderingKey,
        headers,
        forwardHeaders,
        forwardHeaderNames,
        signingEnabled,
        signingSecrets,
        new DestinationAuth.None(),
        DestinationTls.NONE);
  }

  public DeliverySettings {
    headers = List.copyOf(headers);
    forwardHeaderNames = List.copyOf(forwardHeaderNames);
    signingSecrets = List.copyOf(signingSecrets);
  }

  public DeliverySettings withTimeoutMillis(int millis) {
    return with(millis, signingSecrets, auth, tls);
  }

  DeliverySettings withSigningSecrets(List<SigningSecret> secrets) {
    return with(timeoutMillis, secrets, auth, tls);
  }

  public DeliverySettings withAuth(DestinationAuth newAuth, DestinationTls newTls) {
    return with(timeoutMillis, signingSecrets, newAuth, newTls);
  }

  private DeliverySettings with(
      int timeoutMillis,
      List<SigningSecret> signingSecrets,
      DestinationAuth auth,
      DestinationTls tls) {
    return new DeliverySettings(
        timeoutMillis,
        maxInFlight,
        ratePerSecond,
        ordering,
        orderingKey,
        headers,
        forwardHeaders,
        forwardHeaderNames,
        signingEnabled,
        signingSecrets,
        auth,
        tls);
  }

  DeliverySettings withoutSecrets() {
    return withSigningSecrets(List.of()).withAuth(auth.withoutSecrets(), tls.withoutSecrets());
  }
}
