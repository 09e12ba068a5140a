package io.kapsel.bench;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The generator and the receiver over real sockets. */
@Timeout(60)
class GeneratorTest {
  private static final String ENDPOINT = "ep_" + "0".repeat(32);

  private final Bodies bodies = new Bodies(1_024, Bench.random());
  private final EventCounts acknowledged = new EventCounts();
  private final AtomicInteger served = new AtomicInteger();
  private ServerSocket server;

  @BeforeEach
  void listen() throws IOException {
    server = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
  }

  @AfterEach
  void close() throws IOException {
    server.close();
  }

  /** What the n-th request, from 1, is answered with; nothing closes the connection. */
  private interface Answers {
    String answer(int number) throws InterruptedException;
  }

  private void serve(Answers answers) {
    Thread.ofVirtual()
        .start(
            () -> {
              while (!server.isClosed()) {
                try {
                  Socket socket = server.accept();
                  Thread.ofVirtual().start(() -> serve(socket, answers));
                } catch (IOException closed) {
                  return;
                }
              }
            });
  }

  private void serve(Socket socket, Answers answers) {
    try (socket;
        InputStream in = new BufferedInputStream(socket.getInputStream())) {
      while (true) {
        var head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
          int octet = in.read();
          if (octet < 0) return;
          head.append((char) octet);
        }
        int at = head.indexOf("Content-Length: ");
        if (at >= 0) in.readNBytes(Integer.parseInt(head.substring(at + 16).strip()));
        String answer = answers.answer(served.incrementAndGet());
        if (answer.isEmpty()) return;
        socket.getOutputStream().write(answer.getBytes(ISO_8859_1));
      }
    } catch (IOException gone) {
      if (!server.isClosed() && !socket.isClosed()) throw new UncheckedIOException(gone);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static String accepted(int number) {
    String body = String.format("{\"event_id\":\"evt_%032x\",\"status\":\"received\"}", number);
    return "HTTP/1.1 200 OK\r\ncontent-length: " + body.length() + "\r\n\r\n" + body;
  }

  private static String refused() {
    return "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\n{}";
  }

  private Generator generator(int connections) throws IOException {
    var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), server.getLocalPort());
    var source =
        new RequestSource.Webhooks(
            "127.0.0.1:" + server.getLocalPort(), List.of(ENDPOINT), bodies, true);
    return new Generator(address, connections, source, acknowledged);
  }

  @Test
  void sends_as_many_as_it_was_told_and_learns_their_ids() throws IOException {
    serve(GeneratorTest::accepted);
    try (Generator generator = generator(4)) {
      Load.Outcome outcome = generator.run(Load.of(100));
      assertEquals(100, outcome.accepted().answers());
      assertEquals(0, outcome.unanswered());
    }
    assertEquals(100, served.get());
    assertEquals(100, acknowledged.size());
    assertEquals(1, acknowledged.count(0, 100));
  }

  @Test
  void keeps_refusals_apart() throws IOException {
    serve(number -> number % 4 == 0 ? refused() : accepted(number));
    try (Generator generator = generator(2)) {
      Load.Outcome outcome = generator.run(Load.of(40));
      assertEquals(30, outcome.accepted().answers());
      assertEquals(10, outcome.refusals());
      assertEquals(10L, outcome.statuses().get(503));
    }
    assertEquals(30, acknowledged.size());
  }

  @Test
  void a_second_in_which_all_was_refused_is_one_without_answers() throws IOException {
    serve(number -> refused());
    try (Generator generator = generator(2)) {
      Load.Outcome outcome = generator.run(new Load(20, 0, 1_000, 50, Long.MAX_VALUE));
      assertEquals(List.of(0L), outcome.seconds().stream().map(Latencies.Second::answers).toList());
    }
  }

  @Test
  void goes_on_after_a_connection_broke() throws IOException {
    serve(number -> number == 10 ? "" : accepted(number));
    try (Generator generator = generator(1)) {
      Load.Outcome outcome = generator.run(Load.of(30));
      assertEquals(1, outcome.failed());
      assertEquals(29, outcome.accepted().answers());
    }
  }

  @Test
  void a_stalled_service_does_not_hide_what_was_due_meanwhile() throws IOException {
    var stall = new CountDownLatch(1);
    serve(
        number -> {
          if (number == 5) stall.await();
          return accepted(number);
        });
    try (Generator generator = generator(1)) {
      Load.Outcome outcome = generator.run(new Load(1_000, 0, 300, 50, Long.MAX_VALUE));
      stall.countDown();
      // All that were due count, with the time they have waited for in vain.
      assertTrue(outcome.unanswered() >= 200, () -> outcome.toString());
      assertEquals(300.0, (double) outcome.accepted().answers(), 1, () -> outcome.toString());
      assertTrue(outcome.accepted().p50Millis() >= 100, () -> outcome.toString());
    }
  }

  @Test
  void the_receiver_recognises_each_body_and_counts_each_event() throws IOException {
    try (var receiver = new Receiver(bodies);
        var socket = new Socket(InetAddress.getLoopbackAddress(), port(receiver))) {
      deliver(socket, "/after/1", "evt_" + "0".repeat(31) + "1", body(0));
      deliver(socket, "/after/0", "evt_" + "0".repeat(31) + "1", body(1));
      byte[] altered = body(2);
      altered[500]++;
      deliver(socket, "/after/0", "evt_" + "0".repeat(31) + "2", altered);
      assertEquals(
          "HTTP/1.1 503", deliver(socket, "/refuse/503", "evt_" + "0".repeat(32), body(0)));
      assertEquals(new Receiver.Tally(4, 3, 1), receiver.tally());
      assertEquals(2, receiver.delivered().count(0, 1));
      assertEquals(1, receiver.delivered().variant(0, 1));
      assertEquals(0, receiver.delivered().count(0, 0));
    }
  }

  @Test
  void a_repeat_does_not_hide_a_loss() throws IOException, InterruptedException {
    acknowledged.add(0, 1, 0);
    acknowledged.add(0, 2, 0);
    try (var receiver = new Receiver(bodies);
        var socket = new Socket(InetAddress.getLoopbackAddress(), port(receiver))) {
      deliver(socket, "/after/0", "evt_" + "0".repeat(31) + "1", body(0));
      deliver(socket, "/after/0", "evt_" + "0".repeat(31) + "1", body(0));
      assertFalse(hasArrived(receiver));
      deliver(socket, "/after/0", "evt_" + "0".repeat(31) + "2", body(0));
      double unusedSeconds = receiver.await(acknowledged);
      assertTrue(hasArrived(receiver));
    }
  }

  private boolean hasArrived(Receiver receiver) {
    var draft = new Result.Draft();
    new Audit(draft, acknowledged).allDelivered(receiver);
    return draft.result(Scenario.NOISY_NEIGHBOUR, Map.of()).isCorrect();
  }

  private byte[] body(int variant) {
    byte[] bytes = new byte[bodies.length(variant)];
    bodies.direct(variant).get(bytes);
    return bytes;
  }

  private static int port(Receiver receiver) throws IOException {
    String url = receiver.url("/");
    return Integer.parseInt(url.substring(url.lastIndexOf(':') + 1, url.length() - 1));
  }

  private static String deliver(Socket socket, String path, String event, byte[] body)
      throws IOException {
    String head =
        "POST "
            + path
            + " HTTP/1.1\r\nHost: x\r\nX-Kapsel-Event-Id: "
            + event
            + "\r\nX-Kapsel-Delivery-Attempt: 1\r\nContent-Length: "
            + body.length
            + "\r\n\r\n";
    socket.getOutputStream().write(head.getBytes(ISO_8859_1));
    socket.getOutputStream().write(body);
    var answer = new StringBuilder();
    while (answer.indexOf("\r\n\r\n") < 0) answer.append((char) socket.getInputStream().read());
    return answer.substring(0, 12);
  }
}
