package io.kapsel.bench;

import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;

/**
 * A short measurement whose result depends little on the machine: acknowledged webhooks per answer
 * of akka-http doing nothing, measured in turns, so that whatever else the machine does slows both.
 * Nothing of ours is in that, so that what becomes slower is seen wherever it is. Fails when the
 * stored ratio is missed by more than a fifth.
 */
final class RegressionCheck {
  static final double REGRESSION_MAX = 0.2;

  private static final String KEY = "ingest.to-akka-http";
  private static final int ROUNDS = 3;
  private static final int ENDPOINTS = 1_000;
  private static final int BODY_BYTES = 1_024;
  private static final long ROUND_MILLIS = 4_000;
  private static final long WARM_UP_MILLIS = 12_000;

  private RegressionCheck() {}

  /** The median of some rounds. */
  static double measure(Bench bench) throws IOException, InterruptedException {
    var bodies = new Bodies(BODY_BYTES, Bench.random());
    try (Service service = bench.service(Map.of("KAPSEL_ENDPOINT_QUEUE_MAX", "10000000"));
        var management = new Management(service);
        var receiver = new Receiver(bodies);
        var akkaHttp = AkkaHttpCeiling.start()) {
      List<String> endpoints =
          management.create(ENDPOINTS, receiver.url("/after/0"), endpoint -> {});
      management.order(endpoints, "pause");
      var webhooks = new RequestSource.Webhooks(service.authority(), endpoints, bodies, false);
      var nothing = new RequestSource.Idle(akkaHttp.authority());
      var idleAddress = Service.address(akkaHttp.authority());
      int connections = bench.options().connections();
      try (var ingest = new Generator(service.address(), connections, webhooks, new EventCounts());
          var idle = new Generator(idleAddress, connections, nothing, new EventCounts())) {
        var unused = bench.run("warm-up", ingest, Load.closed(bench.options().warmUpMillis(), 1));
        unused = bench.run("warm-up of akka-http", idle, Load.closed(WARM_UP_MILLIS, 1));
        List<Double> ratios = new ArrayList<>();
        for (int round = 0; round < ROUNDS; round++) {
          double ceiling = perSecond(bench, "akka-http doing nothing", idle);
          ratios.add(perSecond(bench, "ingest", ingest) / ceiling);
        }
        return median(ratios);
      }
    }
  }

  private static double perSecond(Bench bench, String phase, Generator generator)
      throws IOException {
    Load.Outcome outcome = bench.run(phase, generator, Load.closed(ROUND_MILLIS / 4, ROUND_MILLIS));
    long others = outcome.refusals() + outcome.failed() + outcome.unanswered();
    if (others > 0 || outcome.accepted().answers() == 0)
      throw new IOException(
          phase + ": " + outcome.accepted().answers() + " accepted, " + others + " not");
    return outcome.accepted().perSecond();
  }

  static double median(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    return sorted.get(sorted.size() / 2);
  }

  static boolean isRegression(double stored, double measured) {
    return !(measured >= stored * (1 - REGRESSION_MAX));
  }

  static Path file(Path home) {
    return home.resolve("docs").resolve("bench-ratios.properties");
  }

  /** Empty when none was stored, or something else is in its place. */
  static Optional<Double> stored(Path home) throws IOException {
    if (!Files.exists(file(home))) return Optional.empty();
    var properties = new Properties();
    try (Reader reader = Files.newBufferedReader(file(home))) {
      properties.load(reader);
    }
    try {
      return Optional.ofNullable(properties.getProperty(KEY)).map(Double::valueOf);
    } catch (NumberFormatException noNumber) {
      return Optional.empty();
    }
  }

  static void store(Path home, double ratio, Machine machine) throws IOException {
    try (Writer writer = Files.newBufferedWriter(file(home))) {
      writer.write("# Written by kapsel bench --check --store; kapsel bench --check compares.\n");
      writer.write(
          "# " + machine.processor() + ", " + machine.cores() + " cores, " + machine.jdk());
      writer.write("\n" + KEY + " = " + String.format(Locale.ROOT, "%.3f", ratio) + "\n");
    }
  }
}
