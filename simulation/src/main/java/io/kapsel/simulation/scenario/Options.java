package io.kapsel.simulation.scenario;

import io.kapsel.simulation.world.Randomness;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** The value of every {@link Option} of one run. */
public final class Options {
  private final Map<Option, String> values = new EnumMap<>(Option.class);

  private Options() {}

  /**
   * What the seed says, with the overrides on top.
   *
   * @throws IllegalArgumentException for a key that is none
   */
  public static Options of(long seed, Profile profile, Map<String, String> overrides) {
    Options options = new Options();
    Randomness randomness = new Randomness(seed);
    for (Option option : Option.values()) {
      options.values.put(option, option.draw(randomness.stream("option", option.key()), profile));
    }
    overrides.forEach((key, value) -> options.values.put(named(key), value));
    return options;
  }

  private static Option named(String key) {
    return Option.named(key)
        .orElseThrow(() -> new IllegalArgumentException("there is no option " + key));
  }

  public String text(Option option) {
    String value = values.get(option);
    if (value == null) throw new IllegalStateException("no " + option);
    return value;
  }

  public boolean varies(Option option) {
    return text(option).equals(Option.VARIES);
  }

  public long whole(Option option) {
    try {
      return Long.parseLong(text(option));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(option.key() + " is not a whole number: " + text(option));
    }
  }

  public int count(Option option) {
    return Math.toIntExact(whole(option));
  }

  public double real(Option option) {
    try {
      return Double.parseDouble(text(option));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(option.key() + " is not a number: " + text(option));
    }
  }

  /** By key, in the order of the table. */
  public Map<String, String> byKey() {
    Map<String, String> result = new LinkedHashMap<>();
    values.forEach((option, value) -> result.put(option.key(), value));
    return Collections.unmodifiableMap(result);
  }
}
