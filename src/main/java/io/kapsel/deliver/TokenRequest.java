package io.kapsel.deliver;

import static java.nio.charset.StandardCharsets.UTF_8;

import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpHeader;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.headers.RawHeader;
import akka.http.javadsl.model.headers.RawRequestURI;
import akka.http.scaladsl.model.ContentTypes;
import akka.util.ByteString;
import com.fasterxml.jackson.databind.JsonNode;
import io.kapsel.core.endpoint.DestinationAuth.ClientCredentials;
import io.kapsel.core.endpoint.DestinationAuth.Placement;
import io.kapsel.core.endpoint.Outcome;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.json.StrictJson;
import java.net.URLEncoder;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** Asking for a token by RFC 6749 §4.4.2, and what the answer means. Pure. */
final class TokenRequest {
  /** What came of it. */
  sealed interface Answer {
    /**
     * @param usableMillis how long it may be used, counted from the request
     */
    record Token(String value, long usableMillis) implements Answer {
      @Override
      public String toString() {
        return "****";
      }
    }

    /** The outcome of the attempt that needed it: the webhook itself was not sent. */
    record Failed(Outcome outcome) implements Answer {}
  }

  /** Tokens are a few KiB at most. */
  static final int ANSWER_BYTES_MAX = 32 * 1_024;

  /** For a server that does not say: RFC 6749 §5.1 only recommends that it does. */
  private static final double UNSTATED_SECONDS = 300;

  private static final double USABLE_SECONDS_MAX = 86_400;

  /** A token is given up this much before its end, or a tenth before when it is short-lived. */
  private static final long MARGIN_SECONDS = 30;

  private TokenRequest() {}

  static HttpRequest of(ClientCredentials credentials, Target target, String userAgent) {
    List<HttpHeader> lines = new ArrayList<>();
    lines.add(RawRequestURI.create(target.requestTarget()));
    lines.add(RawHeader.create("Host", target.authority()));
    lines.add(new WireHeader("User-Agent", userAgent));
    lines.add(new WireHeader("Accept", "application/json"));
    lines.add(new WireHeader("Content-Type", "application/x-www-form-urlencoded"));
    StringBuilder form = new StringBuilder("grant_type=client_credentials");
    if (!credentials.scope().isEmpty()) field(form, "scope", credentials.scope());
    if (!credentials.audience().isEmpty()) field(form, "audience", credentials.audience());
    String id = credentials.clientId();
    String secret = credentials.clientSecret().value();
    if (credentials.placement() == Placement.BODY) {
      field(form, "client_id", id);
      field(form, "client_secret", secret);
    } else {
      // RFC 6749 §2.3.1: encoded as a form before it is encoded as RFC 7617 says.
      lines.add(new WireHeader("Authorization", basic(encoded(id), encoded(secret))));
    }
    return HttpRequest.POST("/")
        .withHeaders(lines)
        .withEntity(
            HttpEntities.create(
                ContentTypes.NoContentType(), ByteString.fromString(form.toString())));
  }

  /** RFC 7617 with the charset that it recommends. */
  static String basic(String user, String password) {
    return "Basic " + Base64.getEncoder().encodeToString((user + ":" + password).getBytes(UTF_8));
  }

  private static void field(StringBuilder form, String name, String value) {
    form.append('&').append(name).append('=').append(encoded(value));
  }

  private static String encoded(String value) {
    return URLEncoder.encode(value, UTF_8);
  }

  static Answer answer(Outcome outcome) {
    if (outcome.kind() != Outcome.Kind.DELIVERED) return new Answer.Failed(failed(outcome));
    if (!(StrictJson.read(outcome.responseExcerpt().getBytes(UTF_8))
        instanceof StrictJson.Read.Value read)) return unusable();
    JsonNode token = read.node().path("access_token");
    boolean bearer = read.node().path("token_type").asText("bearer").equalsIgnoreCase("bearer");
    if (!bearer || !token.isTextual() || !isSendable(token.textValue())) return unusable();
    return new Answer.Token(token.textValue(), usableMillis(read.node().path("expires_in")));
  }

  /** Some servers write the number as a string. */
  private static long usableMillis(JsonNode expiresIn) {
    double stated = expiresIn.asDouble(UNSTATED_SECONDS);
    long seconds = (long) Math.clamp(stated, 0, USABLE_SECONDS_MAX);
    long margin = Math.min(MARGIN_SECONDS, seconds / 10);
    return (seconds - margin) * 1_000;
  }

  private static boolean isSendable(String token) {
    return !token.isEmpty() && token.chars().allMatch(c -> c > ' ' && c <= '~');
  }

  private static Answer.Failed unusable() {
    return new Answer.Failed(
        Outcome.failed(
            Outcome.Kind.FAILED,
            0,
            ErrorCode.CONNECTION_FAILED,
            "The token endpoint gave no usable token."));
  }

  /** Whatever happened there, the destination has not seen the webhook. */
  private static Outcome failed(Outcome there) {
    if (there.error() == ErrorCode.DESTINATION_BLOCKED)
      return Outcome.failed(
          Outcome.Kind.REFUSED,
          0,
          ErrorCode.DESTINATION_BLOCKED,
          "The token endpoint is not allowed.");
    ErrorCode error = there.error();
    boolean answered = there.status() != 0 || error == null;
    return new Outcome(
        Outcome.Kind.FAILED,
        0,
        answered ? ErrorCode.CONNECTION_FAILED : error,
        answered
            ? "The token endpoint answered " + there.status() + "."
            : "No token: the token endpoint did not answer properly.",
        "",
        there.retryAfterMillis());
  }
}
