package io.kapsel.config;

import com.typesafe.config.Config;
import java.util.List;

/** What reading the settings led to. */
public sealed interface Configuration<T> {
  /**
   * Reads the settings under {@code root} as records of type {@code T}. A record component is a
   * setting: its name, with its unit, gives the path and the way it is written, {@link Range} its
   * limits; its default and its reason stand in {@code reference.conf}.
   */
  static <T extends Record> Configuration<T> read(Class<T> type, String root, Sources sources) {
    return new SettingsReader<>(type, root, sources).read();
  }

  /**
   * @param settings valid as a whole
   * @param foreign what the file says to Akka and the other libraries
   * @param values every setting, in order
   * @param warnings unknown names, when they are tolerated
   */
  record Effective<T>(T settings, Config foreign, List<Value> values, List<Problem> warnings)
      implements Configuration<T> {
    public Effective {
      values = List.copyOf(values);
      warnings = List.copyOf(warnings);
    }
  }

  /**
   * @param problems all of them, at least one
   */
  record Refused<T>(List<Problem> problems) implements Configuration<T> {
    public Refused {
      problems = List.copyOf(problems);
    }
  }

  /**
   * One setting with its effective value.
   *
   * @param shown as it would stand in a file; masked when it is secret
   * @param origin {@code default}, {@code environment NAME}, {@code flag --name} or {@code
   *     FILE:LINE}
   */
  record Value(String path, String shown, String origin) {}
}
