package io.kapsel.simulation.cli;

import io.kapsel.core.endpoint.RetryPolicy;
import io.kapsel.simulation.picture.OutagePage;
import io.kapsel.simulation.report.Outage;
import io.kapsel.simulation.run.Run;
import io.kapsel.simulation.scenario.Option;
import io.kapsel.simulation.scenario.Options;
import io.kapsel.simulation.scenario.Profile;
import io.kapsel.simulation.scenario.Result;
import io.kapsel.simulation.scenario.Scenario;
import io.kapsel.simulation.world.Trace;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import picocli.CommandLine.Model.CommandSpec;

/**
 * What would an outage do to my webhooks? One endpoint with the caller's policy, a steady load, and
 * a destination that is down for a while.
 */
final class Rehearsal {
  /** Of the options those that a user of the service chooses, or that describe the outage. */
  private static final List<String> SHOWN =
      List.of("destination.", "retry.", "circuit.", "delivery.", "queue.max", "webhooks", "load.");

  /** Of those the ones that a destination which is only down or up does not use. */
  private static final List<String> HIDDEN =
      List.of(
          Option.DESTINATION_TROUBLE.key(),
          Option.DESTINATION_BEHAVIOURS.key(),
          Option.DESTINATION_RETRY_AFTER_SECONDS_MAX.key());

  private final CommandSpec spec;
  private final ScenarioOptions options;
  private final CampaignOptions campaign;

  Rehearsal(CommandSpec spec, ScenarioOptions options, CampaignOptions campaign) {
    this.spec = spec;
    this.options = options;
    this.campaign = campaign;
  }

  int play() throws IOException {
    Scenario scenario = options.scenario(campaign.seedOr(1), "");
    Places places = campaign.places();
    Result result = Run.play(scenario, new Trace());
    Outage outage = Outage.of(result);
    Path picture = places.picture("outage");
    Places.write(picture, OutagePage.of(outage, settings(result), command(scenario)));
    PrintWriter out = spec.commandLine().getOut();
    out.println(outage.sentence());
    out.println();
    for (Outage.Row row : outage.table())
      out.println("  %-38s %s".formatted(row.name(), row.value()));
    out.println();
    out.println("  picture  " + Places.shown(picture));
    if (result.observationsDropped() > 0)
      out.println(
          "  (%,d observations were left out: fewer webhooks give a whole picture)"
              .formatted(result.observationsDropped()));
    if (!result.isClean()) {
      out.println();
      places.keep(result, Commit.current(), Optional.empty()).forEach(out::println);
    }
    out.flush();
    return ReplayCommand.exit(result);
  }

  private static String command(Scenario scenario) {
    StringBuilder command = new StringBuilder("./kapsel simulate --profile destination");
    scenario.overrides().forEach((key, value) -> command.append(" --set " + key + "=" + value));
    return command.toString();
  }

  private static List<OutagePage.Setting> settings(Result result) {
    Map<String, String> usual =
        Options.of(result.scenario().seed(), Profile.DESTINATION, new TreeMap<>()).byKey();
    boolean hasSchedule =
        result.options().text(Option.RETRY_STRATEGY).equals(RetryPolicy.Strategy.SCHEDULE.name());
    List<OutagePage.Setting> settings = new ArrayList<>();
    result
        .options()
        .byKey()
        .forEach(
            (key, value) -> {
              boolean isShown =
                  SHOWN.stream().anyMatch(key::startsWith)
                      && !HIDDEN.contains(key)
                      && (hasSchedule || !key.equals(Option.RETRY_SCHEDULE_MILLIS.key()));
              if (isShown)
                settings.add(
                    new OutagePage.Setting(
                        key, ScenarioOptions.inWords(key, value), value.equals(usual.get(key))));
            });
    return settings;
  }
}
