package io.kapsel.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValue;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What there is to say about a setting.
 *
 * @param shown the default, as it would stand in a file
 * @param range empty when any value of its kind will do
 * @param reason the comment in {@code reference.conf}
 * @param environment variables that set it
 */
public record Description(
    String path, String shown, String range, String reason, List<String> environment) {
  public Description {
    environment = List.copyOf(environment);
  }

  /** Every setting in order. Fails when one has no default. */
  public static <T extends Record> List<Description> of(Class<T> type, String root) {
    Config defaults = ConfigFactory.parseResources("reference.conf");
    return new RecordTree<>(type, root)
        .knobs().values().stream().map(knob -> describe(knob, defaults)).toList();
  }

  private static Description describe(Knob knob, Config defaults) {
    ConfigValue value = defaults.getValue(knob.path());
    String reason =
        value.origin().comments().stream().map(String::strip).collect(Collectors.joining(" "));
    String shown = value.render(ConfigRenderOptions.concise());
    boolean bare = shown.matches("\"[A-Za-z0-9][A-Za-z0-9 .]*\"");
    return new Description(
        knob.path(),
        bare ? shown.substring(1, shown.length() - 1) : shown,
        knob.rangeText(),
        reason,
        knob.environment());
  }
}
