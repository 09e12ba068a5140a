package io.kapsel.core.webhook;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ForwardedHeadersTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Connection",
        "Proxy-Connection",
        "Keep-Alive",
        "TE",
        "Transfer-Encoding",
        "Upgrade",
        "Trailer",
        "Proxy-Authenticate",
        "Proxy-Authorization",
        "Proxy-Authentication-Info",
        "Expect",
        "HTTP2-Settings",
        "Host",
        "Content-Length",
        "X-Kapsel-Event-Id",
        "x-kapsel-x",
        "webhook-id",
        "Webhook-Signature",
        "WEBHOOK-TIMESTAMP",
        "webhook-other"
      })
  void headers_of_the_connection_and_of_kapsel_stay_behind(String name) {
    List<Header> received = List.of(new Header(name, "x"), new Header("X-Kept", "1"));
    assertEquals(List.of(new Header("X-Kept", "1")), ForwardedHeaders.all(received));
    assertEquals(List.of(), ForwardedHeaders.listed(received, List.of(name)));
    assertEquals(true, ForwardedHeaders.isReserved(name));
  }

  @Test
  void order_repetition_and_spelling_are_kept() {
    List<Header> received =
        List.of(
            new Header("X-b", "2"),
            new Header("Content-Type", "application/json"),
            new Header("x-B", "1"),
            new Header("svix-id", "msg"),
            new Header("Stripe-Signature", "t=1,v1=2"),
            new Header("X-Latin", "\u00fc"),
            new Header("X-B", "2"));
    assertEquals(received, ForwardedHeaders.all(received));
  }

  @Test
  void what_connection_names_stays_behind() {
    List<Header> received =
        List.of(
            new Header("connection", "close, X-One ,,\tx-two"),
            new Header("X-One", "1"),
            new Header("X-Two", "2"),
            new Header("X-Three", "3"),
            new Header("Connection", "X-Three"),
            new Header("X-Four", "4"));
    assertEquals(List.of(new Header("X-Four", "4")), ForwardedHeaders.all(received));
  }

  @Test
  void connection_cannot_take_the_content_type_away() {
    List<Header> received =
        List.of(new Header("Connection", "content-type"), new Header("Content-Type", "text/plain"));
    assertEquals(List.of(new Header("Content-Type", "text/plain")), ForwardedHeaders.all(received));
  }

  @Test
  void only_listed_names_are_sent_on() {
    List<Header> received =
        new ArrayList<>(
            List.of(new Header("X-A", "1"), new Header("X-B", "2"), new Header("x-a", "3")));
    assertEquals(
        List.of(new Header("X-A", "1"), new Header("x-a", "3")),
        ForwardedHeaders.listed(received, List.of("X-a", "X-Absent")));
    assertEquals(List.of(), ForwardedHeaders.listed(received, List.of()));
    assertEquals(3, received.size());
  }
}
