package io.kapsel.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** What all scenarios share: the options, and a service to measure. */
final class Bench {
  private static final long SEED = 20_261_128;

  private final Options options;
  private final Service.@Nullable Remote remote;
  private final Path launcher;
  private final PrintStream screen;
  private final List<String> loads = new ArrayList<>();

  /**
   * @param remote a service that already runs; null to start one for each scenario
   * @param launcher the {@code kapsel} script
   * @param screen where progress is shown
   */
  Bench(Options options, Service.@Nullable Remote remote, Path launcher, PrintStream screen) {
    this.options = options;
    this.remote = remote;
    this.launcher = launcher;
    this.screen = screen;
  }

  Options options() {
    return options;
  }

  Service.@Nullable Remote remote() {
    return remote;
  }

  PrintStream screen() {
    return screen;
  }

  /**
   * @param perSecond of open loops; 0 for the scenario's own
   * @param endpoints 0 for the scenario's own
   * @param givenMeasureMillis 0 for the scenario's own
   */
  record Options(
      double perSecond,
      int connections,
      int endpoints,
      long warmUpMillis,
      long givenMeasureMillis) {
    private static final long MEASURE_MILLIS = 15_000;

    long measureMillis() {
      return measureMillisOr(MEASURE_MILLIS);
    }

    long measureMillisOr(long usual) {
      return givenMeasureMillis == 0 ? usual : givenMeasureMillis;
    }

    int endpointsOr(int usual) {
      return endpoints == 0 ? usual : endpoints;
    }

    double perSecondOr(double usual) {
      return perSecond == 0 ? usual : perSecond;
    }
  }

  /** A scenario, as code. */
  @FunctionalInterface
  interface Procedure {
    Result run(Bench bench) throws IOException, InterruptedException, SQLException;
  }

  static RandomGenerator random() {
    return new SplittableRandom(SEED);
  }

  Service service(Map<String, String> changes) throws IOException, InterruptedException {
    loads.clear();
    if (remote != null) return remote;
    ServerProcess own = ownService(changes);
    try {
      say("starting the service");
      own.start();
      return own;
    } catch (IOException | InterruptedException e) {
      own.close();
      throw e;
    }
  }

  /** One that is not started yet. */
  ServerProcess ownService(Map<String, String> changes) throws IOException {
    loads.clear();
    if (remote != null)
      throw new IOException("this scenario has to start and stop the service itself: no --url");
    return new ServerProcess(launcher, Files.createTempDirectory("kapsel-bench"), changes);
  }

  void say(String phase) {
    screen.println(phase + " …");
  }

  Load.Outcome run(String phase, Generator generator, Load load) {
    loads.add(phase.substring(phase.indexOf(':') + 1).strip() + " (" + load + ")");
    var progress = Progress.of(screen, phase, load.warmUpMillis() + load.measureMillis());
    try {
      return generator.run(load);
    } finally {
      progress.end();
    }
  }

  /** What the service was set to, and what it got since it was started. */
  Map<String, String> settings(Service service, int endpoints, int bodyBytes) {
    Map<String, String> settings = new LinkedHashMap<>(service.settings());
    settings.put("endpoints", Integer.toString(endpoints));
    settings.put("connections", Integer.toString(options.connections()));
    settings.put("body bytes", Integer.toString(bodyBytes));
    settings.put("loads", String.join(", ", loads));
    return settings;
  }
}
