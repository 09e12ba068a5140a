package io.kapsel.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.core.webhook.Header;
import io.kapsel.core.webhook.Secret;
import io.kapsel.core.webhook.SignatureSettings;
import io.kapsel.core.webhook.SignatureVerifier;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class ToolsTest {
  private static final String SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  private static final InetSocketAddress ANY_PORT =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  private final List<Sink.Received> received = Collections.synchronizedList(new ArrayList<>());
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @Nested
  class TheSink {
    @Test
    void hands_over_what_it_received() throws Exception {
      try (var sink = sink(Sink.Behaviour.KIND)) {
        var answer =
            post(
                sink,
                "/hook?x=1",
                "hello",
                "X-Kapsel-Event-Id",
                "evt_1",
                "X-Kapsel-Delivery-Attempt",
                "4");
        assertEquals(200, answer.statusCode());
      }
      var only = received.getFirst();
      assertEquals("POST", only.method());
      assertEquals("/hook?x=1", only.target());
      assertEquals("hello", new String(only.body().unsafeBytes(), UTF_8));
      assertEquals("evt_1", only.event());
      assertEquals("4", only.announced());
      assertTrue(only.headers().contains(new Header("x-kapsel-event-id", "evt_1")));
    }

    @Test
    void fails_the_first_attempts_of_each_event() throws Exception {
      var behaviour = behaviour(200, 2, Optional.of("7"));
      try (var sink = sink(behaviour)) {
        List<String> answers = new ArrayList<>();
        for (String event : List.of("a", "b", "a", "a", "b", "b")) {
          var answer = post(sink, "/", "", "X-Kapsel-Event-Id", event);
          answers.add(
              event
                  + answer.statusCode()
                  + answer.headers().firstValue("retry-after").map(each -> "+" + each).orElse(""));
        }
        assertEquals(List.of("a503+7", "b503+7", "a503+7", "a200", "b503+7", "b200"), answers);
      }
    }

    @ParameterizedTest
    @CsvSource({"410, 0, 1, 410", "429, 1, 1, 429", "429, 1, 2, 200", "202, 0, 9, 202"})
    void answers_as_told(int status, int failFirst, int attempt, int answer) {
      assertEquals(answer, behaviour(status, failFirst, Optional.empty()).statusFor(attempt));
    }

    @Test
    void waits_as_told() throws Exception {
      var slow =
          new Sink.Behaviour(200, Duration.ofMillis(300), 0, Optional.empty(), Optional.empty());
      try (var sink = sink(slow)) {
        long started = System.nanoTime();
        assertEquals(200, post(sink, "/", "").statusCode());
        assertTrue(System.nanoTime() - started >= 300_000_000);
      }
    }

    @Test
    void tells_good_signatures_from_bad_ones() throws Exception {
      var behaviour =
          new Sink.Behaviour(
              200, Duration.ZERO, 0, Optional.empty(), Optional.of(new Secret(SECRET)));
      try (var sink = sink(behaviour)) {
        send(sink, "--secret", SECRET);
        send(sink, "--secret", "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
        send(sink);
      }
      assertEquals(
          List.of(Sink.Signature.VERIFIED, Sink.Signature.WRONG, Sink.Signature.MISSING),
          received.stream().map(Sink.Received::signature).toList());
      assertFalse(received.get(1).problem().isEmpty());
    }
  }

  @Nested
  class Sending {
    @Test
    void prints_each_answer_and_succeeds_on_2xx() throws Exception {
      try (var sink = sink(Sink.Behaviour.KIND)) {
        assertEquals(0, send(sink, "--count", "3"));
      }
      assertEquals(3, received.size());
      assertEquals(3, out.toString().lines().filter(line -> line.startsWith("200")).count());
      assertTrue(out.toString().contains("3 sent in "), out::toString);
      assertNotEquals(received.get(0).body(), received.get(1).body());
    }

    @Test
    void fails_when_any_answer_is_not_2xx() throws Exception {
      try (var sink = sink(behaviour(503, 0, Optional.empty()))) {
        assertEquals(1, send(sink, "--count", "2"));
      }
      assertTrue(out.toString().contains("2 x 503"), out::toString);
    }

    @Test
    void repeats_the_same_webhook_under_one_key() throws Exception {
      try (var sink = sink(Sink.Behaviour.KIND)) {
        send(sink, "--count", "2", "--key", "k1");
      }
      assertEquals(received.get(0).body(), received.get(1).body());
      for (var each : received)
        assertTrue(each.headers().contains(new Header("x-idempotency-key", "k1")));
    }

    @Test
    void sends_a_file_unchanged(@TempDir Path directory) throws Exception {
      Path file = Files.write(directory.resolve("body"), new byte[] {0, 1, (byte) 0xff, '\n'});
      try (var sink = sink(Sink.Behaviour.KIND)) {
        send(sink, "--file", file.toString());
      }
      assertEquals(4, received.getFirst().body().length());
      assertEquals((byte) 0xff, received.getFirst().body().unsafeBytes()[2]);
    }

    @Test
    void keeps_to_its_rate() throws Exception {
      try (var sink = sink(Sink.Behaviour.KIND)) {
        long started = System.nanoTime();
        send(sink, "--count", "5", "--rate", "20");
        assertTrue(System.nanoTime() - started >= 200_000_000);
      }
    }

    @ParameterizedTest
    @CsvSource({"GITHUB, s3cret", "STRIPE, whsec_abc", "SHOPIFY, s3cret"})
    void signs_as_the_provider_does(Sample sample, String secret) {
      long now = 1_700_000_000_000L;
      var message =
          sample.message(
              now, new SplittableRandom(1), Optional.empty(), Optional.of(new Secret(secret)));
      var settings =
          SignatureSettings.of(
              SignatureSettings.Scheme.valueOf(sample.name()), List.of(new Secret(secret)));
      assertEquals(
          Optional.empty(),
          SignatureVerifier.verify(
              settings, now, message.headers(), message.body().unsafeBytes(), "POST", "http://h/"));
    }

    @Test
    void says_when_nothing_answers() throws Exception {
      int port;
      try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
        port = socket.getLocalPort();
      }
      assertEquals(
          1, run(new SendCommand(), "--url", "http://localhost:" + port + "/", "--count", "100"));
      assertTrue(err.toString().startsWith("nothing answers at http://localhost:"), err::toString);
      assertEquals(1, err.toString().lines().count(), err::toString);
    }

    @Test
    void says_what_is_missing_when_it_does_not_know_where_to_send() {
      assertEquals(CommandLine.ExitCode.USAGE, run(new SendCommand()));
      assertTrue(err.toString().contains("--endpoint and --url"), err::toString);
    }

    @ParameterizedTest
    @ValueSource(
        strings = {
          "",
          "--url ftp://h/",
          "--url nonsense",
          "--endpoint ep_1",
          "--url http://h/ --endpoint ep_00000000000000000000000000000000",
          "--url http://h/ --count 0",
          "--url http://h/ --rate 0",
          "--url http://h/ --sample fax",
          "--url http://h/ --secret short",
          "--url http://h/ --file /nonexistent/file"
        })
    void refuses_what_makes_no_sense(String arguments) {
      String[] words = arguments.isEmpty() ? new String[0] : arguments.split(" ");
      assertEquals(CommandLine.ExitCode.USAGE, run(new SendCommand(), words), err::toString);
    }
  }

  @Nested
  class Listening {
    @Test
    void prints_what_came_and_stops_after_a_count() throws Exception {
      var exit =
          CompletableFuture.supplyAsync(
              () ->
                  run(
                      new ListenCommand(),
                      "--port",
                      "0",
                      "--count",
                      "2",
                      "--fail-first",
                      "1",
                      "--secret",
                      SECRET),
              Thread::startVirtualThread);
      int port = portOf(exit);
      var message =
          Sample.PLAIN.message(
              System.currentTimeMillis(),
              new SplittableRandom(1),
              Optional.of("{\"text\":\"hé\u001b[31m\"}".getBytes(UTF_8)),
              Optional.of(new Secret(SECRET)));
      for (int attempt = 1; attempt <= 2; attempt++) {
        var request =
            HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/hook"))
                .header("X-Kapsel-Delivery-Attempt", Integer.toString(attempt))
                .POST(HttpRequest.BodyPublishers.ofByteArray(message.body().unsafeBytes()));
        message.headers().forEach(line -> request.header(line.name(), line.value()));
        exchange(request.build());
      }
      assertEquals(0, exit.get(10, TimeUnit.SECONDS));
      String text = out.toString();
      assertTrue(text.contains("POST /hook  attempt 1  signature verified  -> 503"), text);
      assertTrue(text.contains("POST /hook  attempt 2  signature verified  -> 200"), text);
      assertTrue(text.contains("  content-type: application/json"), text);
      assertTrue(text.contains("  {\"text\":\"hé\uFFFD[31m\"}"), text);
    }

    @ParameterizedTest
    @ValueSource(
        strings = {
          "--status 99",
          "--delay 2",
          "--fail-first -1",
          "--secret nonsense",
          "--port many"
        })
    void refuses_what_makes_no_sense(String arguments) {
      assertEquals(
          CommandLine.ExitCode.USAGE,
          run(new ListenCommand(), arguments.split(" ")),
          err::toString);
    }

    @Test
    void says_when_the_port_is_taken() throws Exception {
      try (var taken = new ServerSocket(0)) {
        String port = Integer.toString(taken.getLocalPort());
        assertEquals(1, run(new ListenCommand(), "--port", port));
        assertTrue(err.toString().startsWith("E4005 port " + port), err::toString);
      }
    }

    private int portOf(CompletableFuture<Integer> exit) {
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
      while (!out.toString().contains("\n")) {
        assertFalse(exit.isDone() || System.nanoTime() > deadline, () -> out + "" + err);
        Thread.onSpinWait();
      }
      return Integer.parseInt(out.toString().replaceAll("(?s)listening on port (\\d+).*", "$1"));
    }
  }

  private Sink sink(Sink.Behaviour behaviour) throws IOException {
    return new Sink(ANY_PORT, behaviour, InstantSource.system(), received::add);
  }

  private static Sink.Behaviour behaviour(int status, int failFirst, Optional<String> retryAfter) {
    return new Sink.Behaviour(status, Duration.ZERO, failFirst, retryAfter, Optional.empty());
  }

  private int send(Sink sink, String... more) {
    List<String> arguments = new ArrayList<>(List.of("--url", url(sink, "/")));
    arguments.addAll(List.of(more));
    return run(new SendCommand(), arguments.toArray(String[]::new));
  }

  private int run(Object command, String... arguments) {
    return new CommandLine(command)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(arguments);
  }

  private static String url(Sink sink, String target) {
    return "http://localhost:" + sink.port() + target;
  }

  private static HttpResponse<String> post(Sink sink, String target, String body, String... headers)
      throws Exception {
    var request =
        HttpRequest.newBuilder(URI.create(url(sink, target)))
            .POST(HttpRequest.BodyPublishers.ofString(body));
    if (headers.length > 0) request.headers(headers);
    return exchange(request.build());
  }

  private static HttpResponse<String> exchange(HttpRequest request) throws Exception {
    try (var client = HttpClient.newHttpClient()) {
      return client.send(request, HttpResponse.BodyHandlers.ofString());
    }
  }
}
