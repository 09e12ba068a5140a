package io.kapsel.deliver;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.kapsel.core.endpoint.Outcome;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class HttpDestinationIT {
  private static Destinations destinations;

  @BeforeAll
  static void start() throws Exception {
    destinations = Destinations.onLoopback();
  }

  @AfterAll
  static void stop() throws Exception {
    destinations.close();
  }

  @Test
  void an_answer_of_2xx_is_a_delivery() throws Exception {
    try (RawServer server = RawServer.answering("HTTP/1.1 200 OK\nContent-Length: 2\n\nok")) {
      assertEquals(Outcome.delivered(200, "ok"), destinations.deliver(server.url("/a?b=%20")));
      assertEquals(Outcome.delivered(200, "ok"), destinations.deliver(server.url("/a?b=%20")));
      assertEquals(1, server.accepted.get());
    }
  }
}
