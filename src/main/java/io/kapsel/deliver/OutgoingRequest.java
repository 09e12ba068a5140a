package io.kapsel.deliver;

import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpHeader;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.headers.RawRequestURI;
import akka.http.scaladsl.model.ContentTypes;
import akka.util.ByteString;
import io.kapsel.core.endpoint.DeliverySettings;
import io.kapsel.core.endpoint.DeliverySettings.SigningSecret;
import io.kapsel.core.webhook.ForwardedHeaders;
import io.kapsel.core.webhook.Header;
import io.kapsel.core.webhook.Secret;
import io.kapsel.core.webhook.StandardWebhooksSigner;
import io.kapsel.core.webhook.Webhook;
import io.kapsel.deliver.Destination.Dispatch;
import io.kapsel.json.Rfc3339;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Writes the request of one attempt. */
final class OutgoingRequest {
  private OutgoingRequest() {}

  /**
   * Host first, then what the sender sent in its order, then Kapsel's own lines, then the
   * configured ones, which replace any of the same name.
   *
   * @param authorization replaces what the sender may have sent for us
   */
  static HttpRequest of(
      Dispatch dispatch,
      Target target,
      String userAgent,
      Optional<String> authorization,
      long nowMillis) {
    List<HttpHeader> lines = new ArrayList<>();
    lines.add(RawRequestURI.create(target.requestTarget()));
    lines.add(akka.http.javadsl.model.headers.RawHeader.create("Host", target.authority()));
    Set<String> configured = new HashSet<>();
    for (Header header : dispatch.settings().headers()) {
      configured.add(header.name().toLowerCase(Locale.ROOT));
    }
    authorization.ifPresent(unused -> configured.add("authorization"));
    for (Header header : unconfigured(dispatch, userAgent, nowMillis)) {
      boolean replaced = configured.contains(header.name().toLowerCase(Locale.ROOT));
      if (!replaced && WireHeader.isTransmissible(header)) {
        lines.add(new WireHeader(header.name(), header.value()));
      }
    }
    for (Header header : dispatch.settings().headers()) {
      lines.add(new WireHeader(header.name(), header.value()));
    }
    authorization.ifPresent(value -> lines.add(new WireHeader("Authorization", value)));
    // The content type is one of the lines above; the entity must not render another.
    return HttpRequest.POST("/")
        .withHeaders(lines)
        .withEntity(
            HttpEntities.create(
                ContentTypes.NoContentType(),
                ByteString.fromArrayUnsafe(dispatch.webhook().body().unsafeBytes())));
  }

  /** A configured line that cannot be sent, by name. */
  static Optional<String> unsendable(DeliverySettings settings) {
    return settings.headers().stream()
        .filter(header -> !WireHeader.isTransmissible(header))
        .map(Header::name)
        .findFirst();
  }

  private static List<Header> unconfigured(Dispatch dispatch, String userAgent, long nowMillis) {
    Webhook webhook = dispatch.webhook();
    List<Header> headers = new ArrayList<>();
    boolean typed = false;
    for (Header header : forwarded(dispatch)) {
      if (!header.isNamed("User-Agent")) {
        headers.add(header);
        typed |= header.isNamed("Content-Type");
      }
    }
    if (!typed && !webhook.contentType().isEmpty()) {
      headers.add(new Header("Content-Type", webhook.contentType()));
    }
    headers.add(new Header("User-Agent", userAgent));
    headers.add(new Header("X-Kapsel-Event-Id", webhook.id().toString()));
    headers.add(
        new Header("X-Kapsel-Delivery-Attempt", Integer.toString(dispatch.attemptNumber())));
    headers.add(
        new Header("X-Kapsel-Original-Timestamp", Rfc3339.format(webhook.receivedAtMillis())));
    headers.addAll(signature(dispatch, nowMillis));
    return headers;
  }

  private static List<Header> signature(Dispatch dispatch, long nowMillis) {
    DeliverySettings settings = dispatch.settings();
    List<Secret> active =
        settings.signingSecrets().stream()
            .filter(each -> each.expiresAtMillis() == 0 || each.expiresAtMillis() > nowMillis)
            .map(SigningSecret::secret)
            .toList();
    if (!settings.signingEnabled() || active.isEmpty()) {
      return List.of();
    }
    Webhook webhook = dispatch.webhook();
    return StandardWebhooksSigner.sign(
        active, webhook.id().toString(), nowMillis, webhook.body().unsafeBytes());
  }

  private static List<Header> forwarded(Dispatch dispatch) {
    DeliverySettings settings = dispatch.settings();
    List<Header> received = dispatch.webhook().headers();
    return switch (settings.forwardHeaders()) {
      case ALL -> ForwardedHeaders.all(received);
      case LISTED -> ForwardedHeaders.listed(received, settings.forwardHeaderNames());
      case NONE -> List.of();
    };
  }
}
