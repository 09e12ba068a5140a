package io.kapsel.simulation.report;

import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Result;
import io.kapsel.simulation.scenario.Violation;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeSet;

/** Everything that happened to one webhook, with the crashes and faults around it. */
public final class Life {
  /** What happens soon after its last event may be why there is no other. */
  private static final long AFTERMATH_NANOS = 5_000_000_000L;

  private Life() {}

  /** Empty when the run has no such webhook. */
  public static List<String> lines(Result result, String webhook) {
    Words words = new Words(result);
    List<Observation> all = result.observations();
    List<Integer> own = new ArrayList<>();
    for (int i = 0; i < all.size(); i++)
      if (words.webhooks(all.get(i)).contains(webhook)) own.add(i);
    if (own.isEmpty()) return List.of();
    TreeSet<Integer> shown = new TreeSet<>(own);
    String endpoint =
        own.stream()
            .map(i -> endpoint(all.get(i)))
            .filter(e -> !e.isEmpty())
            .findFirst()
            .orElse("");
    long until = all.get(own.getLast()).atNanos() + AFTERMATH_NANOS;
    for (int i = own.getFirst(); i < all.size() && all.get(i).atNanos() <= until; i++)
      if (surrounds(all.get(i), endpoint)) shown.add(i);
    List<String> lines = new ArrayList<>();
    lines.add(
        "%s of seed %d, profile %s, at %s"
            .formatted(
                webhook,
                result.scenario().seed(),
                result.scenario().profile().name().toLowerCase(Locale.ROOT),
                endpoint.isEmpty() ? "no endpoint" : endpoint));
    long before = all.get(own.getFirst()).atNanos();
    for (int i : shown) {
      Observation seen = all.get(i);
      boolean itself = own.contains(i);
      lines.add(
          "%16s %10s %s %s"
              .formatted(
                  Clock.at(seen.atNanos()),
                  "+" + Clock.span(Math.max(0, seen.atNanos() - before)),
                  itself ? " " : "|",
                  words.tell(seen)));
      before = seen.atNanos();
    }
    for (Violation violation : result.violations())
      if (violation.webhook().equals(webhook))
        lines.add("  broken: " + violation.invariant() + ", " + violation.sentence());
    return lines;
  }

  /** The names of the run's webhooks, for whoever mistypes one. */
  public static List<String> webhooks(Result result) {
    return result.observations().stream()
        .map(
            seen ->
                seen instanceof Observation.Requested asked
                    ? Optional.of(asked.webhook())
                    : Optional.<String>empty())
        .flatMap(Optional::stream)
        .distinct()
        .toList();
  }

  private static String endpoint(Observation seen) {
    return switch (seen) {
      case Observation.Requested o -> o.endpoint();
      case Observation.ContentStored o -> o.endpoint();
      case Observation.AttemptSent o -> o.endpoint();
      default -> "";
    };
  }

  /** What is not about the webhook and may still explain it. */
  private static boolean surrounds(Observation seen, String endpoint) {
    return switch (seen) {
      case Observation.NodeCrashed o -> true;
      case Observation.NodeBooted o -> true;
      case Observation.NodeExited o -> true;
      case Observation.NodeLeaving o -> true;
      case Observation.FaultBegan o -> true;
      case Observation.FaultEnded o -> true;
      case Observation.PhaseBegan o -> true;
      case Observation.ErrorLogged o -> true;
      case Observation.EndpointStarted o -> o.endpoint().equals(endpoint);
      case Observation.EndpointStopped o -> o.endpoint().equals(endpoint);
      case Observation.Recovering o -> o.endpoint().equals(endpoint);
      case Observation.CircuitChanged o -> o.endpoint().equals(endpoint);
      case Observation.JournalRefused o -> o.endpoint().equals(endpoint);
      case Observation.Ordered o -> o.endpoint().equals(endpoint);
      default -> false;
    };
  }
}
