package io.kapsel.simulation.scenario;

import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Everything that names a run. The same scenario on the same commit is the same run, byte for byte.
 *
 * @param commit of the sources it was found on; for the reader only
 * @param overrides options that differ from what the seed says
 * @param plan null for the plan that the seed says
 * @param mutant name of a planted bug, empty for none
 */
public record Scenario(
    long seed,
    String commit,
    Profile profile,
    Map<String, String> overrides,
    @Nullable Plan plan,
    String mutant) {

  public Scenario {
    overrides = new TreeMap<>(overrides);
  }

  public static Scenario of(long seed, Profile profile) {
    return new Scenario(seed, "", profile, new TreeMap<>(), null, "");
  }

  public Scenario with(Plan other) {
    return new Scenario(seed, commit, profile, overrides, other, mutant);
  }

  public Scenario with(String option, String value) {
    Map<String, String> more = new TreeMap<>(overrides);
    more.put(option, value);
    return new Scenario(seed, commit, profile, more, plan, mutant);
  }

  public Scenario withMutant(String name) {
    return new Scenario(seed, commit, profile, overrides, plan, name);
  }
}
