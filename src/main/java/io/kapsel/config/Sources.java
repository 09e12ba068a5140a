package io.kapsel.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Where settings come from besides the defaults; later ones win: file, environment, flags. */
public record Sources(Optional<Path> file, Map<String, String> environment, List<Flag> flags) {
  /**
   * @param name as the user typed it, such as {@code --port}
   * @param path the setting it stands for
   */
  public record Flag(String name, String path, String value) {}

  public static final Sources NONE = new Sources(Optional.empty(), Map.of(), List.of());

  public Sources {
    environment = Map.copyOf(environment);
    flags = List.copyOf(flags);
  }

  public Sources withFile(Path path) {
    return new Sources(Optional.of(path), environment, flags);
  }

  public Sources withEnvironment(Map<String, String> variables) {
    return new Sources(file, variables, flags);
  }

  public Sources withFlag(String name, String path, String value) {
    var more = new ArrayList<>(flags);
    more.add(new Flag(name, path, value));
    return new Sources(file, environment, more);
  }
}
