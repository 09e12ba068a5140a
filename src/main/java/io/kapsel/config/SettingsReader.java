package io.kapsel.config;

import static io.kapsel.core.webhook.ErrorCode.CONFIG_INVALID;
import static io.kapsel.core.webhook.ErrorCode.CONFIG_MISSING;
import static io.kapsel.core.webhook.ErrorCode.CONFIG_SECRET;
import static io.kapsel.core.webhook.ErrorCode.CONFIG_UNKNOWN_KEY;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import io.kapsel.core.webhook.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** Reads one tree of settings once. */
final class SettingsReader<T> {
  /** Other libraries' settings that a configuration file may hold; they check them themselves. */
  private static final Set<String> FOREIGN_ROOTS =
      Set.of(
          "akka",
          "akka-persistence-jdbc",
          "jdbc-journal",
          "jdbc-read-journal",
          "jdbc-snapshot-store");

  /** For the launcher, which hands them on to the service like everything else. */
  private static final Set<String> LAUNCHER_VARIABLES = Set.of("JAVA_OPTS", "JDK_DIRS");

  /** What Kubernetes sets in every pod beside a Service that is called kapsel. */
  private static final Pattern SERVICE_LINK =
      Pattern.compile("SERVICE_(HOST|PORT(_.*)?)|PORT_[0-9]+_(TCP|UDP)(_.*)?");

  private static final int SHOWN_CHARACTERS_MAX = 80;

  private final RecordTree<T> tree;
  private final String root;
  private final String variablePrefix;
  private final Sources sources;
  private final List<Problem> problems = new ArrayList<>();

  SettingsReader(Class<T> type, String root, Sources sources) {
    this.tree = new RecordTree<>(type, root);
    this.root = root;
    this.variablePrefix = Knob.variable(root) + "_";
    this.sources = sources;
  }

  Configuration<T> read() {
    Config defaults = defaults();
    Config file = sources.file().map(this::parse).orElse(ConfigFactory.empty());
    Config merged = flags().withFallback(environment()).withFallback(file).withFallback(defaults);
    Config config;
    try {
      config = merged.resolve();
    } catch (ConfigException e) {
      problem(CONFIG_INVALID, oneLine(String.valueOf(e.getMessage())));
      return new Configuration.Refused<>(problems);
    }
    reportUnknown(config, file);
    Config resolvedDefaults = defaults.resolve();
    var values = new HashMap<String, Object>();
    var shown = new ArrayList<Configuration.Value>();
    for (Knob knob : tree.knobs().values()) {
      value(knob, config)
          .ifPresent(
              value -> {
                values.put(knob.path(), value);
                shown.add(
                    new Configuration.Value(
                        knob.path(),
                        show(knob, value, config),
                        origin(knob, config, resolvedDefaults)));
              });
    }
    Config foreign = file.withoutPath(root).resolveWith(config);
    return finish(foreign, values, shown, resolvedDefaults);
  }

  private Configuration<T> finish(
      Config foreign,
      Map<String, Object> values,
      List<Configuration.Value> shown,
      Config resolvedDefaults) {
    boolean lenient = Boolean.FALSE.equals(values.get(root + ".strict"));
    List<Problem> warnings =
        problems.stream().filter(each -> lenient && each.code() == CONFIG_UNKNOWN_KEY).toList();
    problems.removeAll(warnings);
    Set<String> unread = readDefaultsInstead(values, resolvedDefaults);
    if (values.size() < tree.knobs().size()) return new Configuration.Refused<>(problems);
    try {
      T settings = tree.build(values);
      if (problems.isEmpty())
        return new Configuration.Effective<>(settings, foreign, shown, warnings);
    } catch (IllegalArgumentException refused) {
      for (String line : String.valueOf(refused.getMessage()).split("\n", -1))
        if (unread.stream().noneMatch(line::contains)) problem(CONFIG_INVALID, line);
    }
    return new Configuration.Refused<>(problems);
  }

  /**
   * So that what is wrong with the values together is told beside what is wrong with single ones.
   * Returns the names of the settings that could not be read, as rules name them: about those
   * nothing more is to be said.
   */
  private Set<String> readDefaultsInstead(Map<String, Object> values, Config resolvedDefaults) {
    var unread = new TreeSet<String>();
    for (Knob knob : tree.knobs().values()) {
      if (values.containsKey(knob.path())) continue;
      unread.add(knob.path().substring(root.length() + 1));
      ConfigValue usual = at(resolvedDefaults, knob.path());
      if (usual != null)
        values.put(
            knob.path(), knob.isList() ? knob.readAll(texts(usual)) : knob.read(text(usual)));
    }
    return unread;
  }

  private static Config defaults() {
    return ConfigFactory.parseResources("reference.conf");
  }

  private Config parse(Path file) {
    if (!Files.isReadable(file) || Files.isDirectory(file)) {
      problem(CONFIG_MISSING, "the configuration file " + file + " cannot be read");
      return ConfigFactory.empty();
    }
    try {
      return ConfigFactory.parseFile(
          file.toFile(), ConfigParseOptions.defaults().setAllowMissing(false));
    } catch (ConfigException e) {
      problem(CONFIG_INVALID, oneLine(String.valueOf(e.getMessage())));
      return ConfigFactory.empty();
    }
  }

  private Config flags() {
    Config config = ConfigFactory.empty();
    for (Sources.Flag flag : sources.flags())
      config =
          config.withValue(
              flag.path(), ConfigValueFactory.fromAnyRef(flag.value(), "flag " + flag.name()));
    return config;
  }

  /** An empty variable counts as not set: that is what {@code ${NAME:-}} makes in many places. */
  private Config environment() {
    Map<String, String> paths = pathsByVariable();
    var chosen = new LinkedHashMap<String, Map.Entry<String, String>>();
    for (var variable : new TreeMap<>(sources.environment()).entrySet()) {
      String name = variable.getKey();
      if (!name.startsWith(variablePrefix) || variable.getValue().isEmpty()) continue;
      String rest = name.substring(variablePrefix.length());
      if (LAUNCHER_VARIABLES.contains(rest) || isServiceLink(rest, variable.getValue())) continue;
      String path = paths.get(name);
      if (path == null) {
        problem(CONFIG_UNKNOWN_KEY, unknown("environment variable " + name, name, paths.keySet()));
        continue;
      }
      var other = chosen.putIfAbsent(path, variable);
      if (other != null && !other.getValue().equals(variable.getValue()))
        problem(
            CONFIG_INVALID,
            other.getKey() + " and " + name + " both set " + path + ", differently");
    }
    Config config = ConfigFactory.empty();
    for (var entry : chosen.entrySet())
      config =
          config.withValue(
              entry.getKey(),
              ConfigValueFactory.fromAnyRef(
                  entry.getValue().getValue(), "environment " + entry.getValue().getKey()));
    return config;
  }

  private Map<String, String> pathsByVariable() {
    var paths = new TreeMap<String, String>();
    for (Knob knob : tree.knobs().values()) {
      for (String variable : knob.environment()) paths.put(variable, knob.path());
      if (knob.isSecret()) {
        String path = fileOf(knob);
        paths.put(Knob.variable(path), path);
      }
    }
    return paths;
  }

  private static boolean isServiceLink(String rest, String value) {
    return SERVICE_LINK.matcher(rest).matches()
        || (rest.equals("PORT") && value.matches("(tcp|udp)://.*"));
  }

  private void reportUnknown(Config config, Config file) {
    var known = new TreeSet<>(tree.knobs().keySet());
    for (Knob knob : tree.knobs().values()) if (knob.isSecret()) known.add(fileOf(knob));
    for (var entry : config.getConfig(root).entrySet()) {
      String path = root + "." + entry.getKey();
      if (known.contains(path)) continue;
      String place = origin(entry.getValue().origin());
      if (known.stream().anyMatch(each -> each.startsWith(path + ".")))
        problem(CONFIG_INVALID, path + " (" + place + ") must be a section, not a value");
      else if (known.stream().noneMatch(each -> path.startsWith(each + ".")))
        problem(CONFIG_UNKNOWN_KEY, unknown("setting " + path + " (" + place + ")", path, known));
    }
    for (var entry : file.root().entrySet()) {
      String name = entry.getKey();
      if (name.equals(root) || FOREIGN_ROOTS.contains(name)) continue;
      String place = origin(entry.getValue().origin());
      problem(
          CONFIG_UNKNOWN_KEY, unknown("section " + name + " (" + place + ")", name, Set.of(root)));
    }
  }

  private static String unknown(String what, String written, Set<String> known) {
    return "unknown "
        + what
        + Suggestion.nearest(written, known).map(name -> "; did you mean " + name + "?").orElse("");
  }

  private Optional<Object> value(Knob knob, Config config) {
    ConfigValue value = at(config, knob.path());
    if (value == null) {
      if (!isInsideValue(knob.path(), config))
        problem(CONFIG_MISSING, knob.path() + " is missing; it must be " + knob.expected());
      return Optional.empty();
    }
    try {
      if (knob.isSecret()) return Optional.of(secret(knob, value, config));
      return Optional.of(knob.isList() ? knob.readAll(texts(value)) : knob.read(text(value)));
    } catch (IllegalArgumentException refused) {
      problem(
          refused instanceof UnusableSecret ? CONFIG_SECRET : CONFIG_INVALID,
          knob.path()
              + " ("
              + origin(value.origin())
              + ") "
              + refused.getMessage()
              + (knob.mayBeShown() && !(value instanceof ConfigObject)
                  ? ", not " + brief(value)
                  : ""));
      return Optional.empty();
    }
  }

  /** Whether a section above this setting was overwritten by a plain value, which is reported. */
  private static boolean isInsideValue(String path, Config config) {
    for (int dot = path.lastIndexOf('.'); dot > 0; dot = path.lastIndexOf('.', dot - 1)) {
      ConfigValue above = at(config, path.substring(0, dot));
      if (above != null && !(above instanceof ConfigObject)) return true;
    }
    return false;
  }

  private static @org.jspecify.annotations.Nullable ConfigValue at(Config config, String path) {
    ConfigValue value = config.root();
    for (String element : ConfigUtil.splitPath(path)) {
      if (!(value instanceof ConfigObject section)) return null;
      value = section.get(element);
    }
    return value == null || value.unwrapped() == null ? null : value;
  }

  private static String text(ConfigValue value) {
    return switch (value.valueType()) {
      case STRING, NUMBER, BOOLEAN -> String.valueOf(value.unwrapped());
      case LIST, OBJECT, NULL -> throw new IllegalArgumentException("must be a single value");
    };
  }

  private static List<String> texts(ConfigValue value) {
    if (value instanceof ConfigList list) return list.stream().map(SettingsReader::text).toList();
    return Arrays.stream(text(value).split(",", -1))
        .map(String::strip)
        .filter(each -> !each.isEmpty())
        .toList();
  }

  private static final class UnusableSecret extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    UnusableSecret(String message) {
      super(message);
    }
  }

  private static String fileOf(Knob knob) {
    return knob.path() + "-file";
  }

  private Object secret(Knob knob, ConfigValue value, Config config) {
    try {
      return knob.read(secretText(knob, value, config));
    } catch (UnusableSecret known) {
      throw known;
    } catch (IllegalArgumentException refused) {
      throw new UnusableSecret(String.valueOf(refused.getMessage()));
    }
  }

  private String secretText(Knob knob, ConfigValue value, Config config) {
    String inline = text(value);
    ConfigValue named = at(config, fileOf(knob));
    if (named == null || text(named).isEmpty()) return inline;
    if (!inline.isEmpty())
      throw new UnusableSecret("and " + fileOf(knob) + " are both set; keep one");
    Path file = Path.of(text(named));
    try {
      if (Files.getPosixFilePermissions(file).contains(PosixFilePermission.OTHERS_READ))
        throw new UnusableSecret(
            "comes from " + file + ", which everybody may read; make it mode 0400");
      return Files.readString(file).strip();
    } catch (IOException e) {
      throw new UnusableSecret("comes from " + file + ", which cannot be read");
    }
  }

  private static String show(Knob knob, Object value, Config config) {
    if (knob.isSecret()) return value.equals(knob.read("")) ? "\"\"" : "\"****\"";
    if (value instanceof DatabaseUrl url) return ConfigUtil.quoteString(url.toString());
    ConfigValue written = Objects.requireNonNull(at(config, knob.path()));
    if (knob.isList()) written = ConfigValueFactory.fromIterable(texts(written));
    else if (knob.isNumber() && text(written).matches("-?[0-9.]+")) return text(written);
    return written.render(ConfigRenderOptions.concise());
  }

  private static String origin(Knob knob, Config config, Config defaults) {
    if (knob.isSecret()) {
      ConfigValue named = at(config, fileOf(knob));
      if (named != null) return origin(named.origin());
    }
    ConfigOrigin origin = Objects.requireNonNull(at(config, knob.path())).origin();
    ConfigValue original = at(defaults, knob.path());
    return original != null && original.origin().equals(origin) ? "default" : origin(origin);
  }

  private static String origin(ConfigOrigin origin) {
    String description = origin.description();
    if (description.startsWith("flag ") || description.startsWith("environment "))
      return description;
    String name = origin.filename() != null ? origin.filename() : description;
    return origin.lineNumber() > 0 ? name + ":" + origin.lineNumber() : name;
  }

  private static String brief(ConfigValue value) {
    String text = value.render(ConfigRenderOptions.concise());
    return oneLine(
        text.length() > SHOWN_CHARACTERS_MAX
            ? text.substring(0, SHOWN_CHARACTERS_MAX) + "…"
            : text);
  }

  private static String oneLine(String text) {
    return text.replaceAll("\\s+", " ");
  }

  private void problem(ErrorCode code, String message) {
    problems.add(new Problem(code, message));
  }
}
