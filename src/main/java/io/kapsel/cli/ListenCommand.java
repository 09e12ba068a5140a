package io.kapsel.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.kapsel.core.webhook.Header;
import io.kapsel.core.webhook.Secret;
import io.kapsel.core.webhook.SignatureSettings.Scheme;
import io.kapsel.core.webhook.SignatureVerifier;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.time.Duration;
import java.time.InstantSource;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
    name = "listen",
    description = "Receives webhooks and prints them; can be told to misbehave.",
    mixinStandardHelpOptions = true)
public final class ListenCommand implements Callable<Integer> {
  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSS");
  private static final int BODY_SHOWN_BYTES_MAX = 4096;
  private static final long QUIET_MILLIS = 1_000;

  @Option(names = "--host", description = "Address to listen on (default: all).")
  private String host = "0.0.0.0";

  @Option(names = "--port", description = "Port; 0 takes a free one (default: 9000).")
  private int port = 9000;

  @Option(
      names = "--status",
      paramLabel = "CODE",
      description = "Status of every answer, or of the failing ones with --fail-first.")
  private Optional<Integer> status = Optional.empty();

  @Option(
      names = "--delay",
      paramLabel = "DURATION",
      converter = Durations.class,
      description = "Wait before each answer, such as 500ms or 2s.")
  private Duration delay = Duration.ZERO;

  @Option(
      names = "--fail-first",
      paramLabel = "N",
      description = "Fail the first N attempts of each event (503, or --status).")
  private int failFirst = 0;

  @Option(
      names = "--retry-after",
      paramLabel = "SECONDS",
      description = "Retry-After of failing answers: seconds or an HTTP date.")
  private Optional<String> retryAfter = Optional.empty();

  @Option(
      names = "--secret",
      paramLabel = "whsec_…",
      description = "Verify Standard Webhooks signatures with this secret.")
  private Optional<String> secret = Optional.empty();

  @Option(
      names = "--count",
      paramLabel = "N",
      description = "Stop after N requests, with exit code 0.")
  private long count = Long.MAX_VALUE;

  @Option(names = "--quiet", description = "Only count.")
  private boolean quiet = false;

  @Spec private CommandSpec spec = CommandSpec.create();

  private final CountDownLatch done = new CountDownLatch(1);
  private final Tally tally = new Tally();

  @Override
  public Integer call() throws InterruptedException {
    PrintWriter out = spec.commandLine().getOut();
    try (var sink =
        new Sink(
            new InetSocketAddress(host, port),
            behaviour(),
            InstantSource.system(),
            listener(out))) {
      out.println("listening on port " + sink.port() + describe());
      out.flush();
      Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> conclude(out)));
      String printed = "";
      while (!done.await(QUIET_MILLIS, TimeUnit.MILLISECONDS)) {
        String line = tally.toString();
        if (quiet && !line.equals(printed)) out.println(line);
        printed = line;
      }
      return 0;
    } catch (BindException e) {
      spec.commandLine()
          .getErr()
          .println("E4005 port " + port + " cannot be bound: " + e.getMessage());
      return 1;
    } catch (IOException e) {
      spec.commandLine().getErr().println(e.getMessage());
      return 1;
    }
  }

  private void conclude(PrintWriter out) {
    out.println(tally);
    out.flush();
  }

  private Sink.Behaviour behaviour() {
    int code = status.orElse(200);
    if (code < 200 || code > 599) throw refused("--status must be from 200 to 599");
    if (failFirst < 0) throw refused("--fail-first must not be negative");
    secret
        .flatMap(text -> SignatureVerifier.secretProblem(Scheme.STANDARD_WEBHOOKS, text))
        .ifPresent(
            problem -> {
              throw refused("--secret: " + problem);
            });
    return new Sink.Behaviour(code, delay, failFirst, retryAfter, secret.map(Secret::new));
  }

  private ParameterException refused(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private String describe() {
    var text = new StringBuilder();
    if (failFirst > 0)
      text.append(", failing the first ").append(failFirst).append(" of each event");
    status.ifPresent(code -> text.append(", answering ").append(code));
    if (!delay.isZero()) text.append(", after ").append(delay.toMillis()).append(" ms");
    return text.toString();
  }

  private Sink.Listener listener(PrintWriter out) {
    return new Sink.Listener() {
      @Override
      public void received(Sink.Received received) {
        tally.add(received);
        if (!quiet) print(received, out);
      }

      @Override
      public void answered(Sink.Received received) {
        if (received.sequence() >= count) done.countDown();
      }
    };
  }

  private static void print(Sink.Received received, PrintWriter out) {
    String attempt =
        received.announced().isEmpty() ? "" : "  attempt " + printable(received.announced());
    String signature =
        switch (received.signature()) {
          case VERIFIED -> "  signature verified";
          case WRONG -> "  SIGNATURE WRONG: " + received.problem();
          case MISSING -> "";
          case NOT_CHECKED -> "  signature not checked (--secret)";
        };
    out.println(
        "%s  #%d  %s %s%s%s  -> %d"
            .formatted(
                LocalTime.now(ZoneId.systemDefault()).format(TIME),
                received.sequence(),
                received.method(),
                printable(received.target()),
                attempt,
                signature,
                received.status()));
    received.headers().stream()
        .sorted(Comparator.comparing(Header::name))
        .forEach(line -> out.println("  " + line.name() + ": " + printable(line.value())));
    if (received.body().length() > 0) out.println("\n  " + bodyText(received.body().unsafeBytes()));
    out.println();
    out.flush();
  }

  private static String bodyText(byte[] bytes) {
    int shown = Math.min(bytes.length, BODY_SHOWN_BYTES_MAX);
    String more = shown < bytes.length ? " … (" + bytes.length + " bytes)" : "";
    try {
      String text = UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return text.substring(0, Math.min(shown, text.length()))
              .lines()
              .map(ListenCommand::printable)
              .reduce((a, b) -> a + "\n  " + b)
              .orElse("")
          + more;
    } catch (CharacterCodingException e) {
      return "(" + bytes.length + " bytes that are not text)";
    }
  }

  /** What strangers send must not drive the terminal. */
  private static String printable(String text) {
    return text.replaceAll("[\\p{Cntrl}&&[^\\t]]", "\uFFFD");
  }

  /** What came so far. */
  private static final class Tally {
    private long requests = 0;
    private long events = 0;
    private long verified = 0;
    private long wrong = 0;
    private long answeredWell = 0;

    synchronized void add(Sink.Received received) {
      requests++;
      if (received.attempt() == 1) events++;
      if (received.signature() == Sink.Signature.VERIFIED) verified++;
      if (received.signature() == Sink.Signature.WRONG) wrong++;
      if (received.status() < 300) answeredWell++;
    }

    @Override
    public synchronized String toString() {
      String signatures =
          verified + wrong == 0
              ? ""
              : ", signatures: %d verified, %d wrong".formatted(verified, wrong);
      return "%d received: %d events, %d repeated, %d answered 2xx%s"
          .formatted(requests, events, requests - events, answeredWell, signatures);
    }
  }
}
