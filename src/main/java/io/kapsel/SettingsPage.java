package io.kapsel;

import io.kapsel.config.Description;
import java.util.stream.Collectors;

/** docs/configuration.md, made from the settings and {@code reference.conf}. */
final class SettingsPage {
  private static final String INTRODUCTION =
      """
      # Configuration

      Kapsel runs without any configuration. Every setting below can be given in a file
      (`./kapsel serve --config kapsel.conf`), by an environment variable, and a few by a flag
      (`--port`, `--data`, `--database-url`). Flags win over variables, variables over the file, the file
      over the defaults. `./kapsel config` prints what is in force and where each value comes from.

      ```hocon
      kapsel {
        http.port = 9000
        delivery.concurrency-max = 200
        retention = 7d
      }
      ```

      - Durations need a unit: `us`, `ms`, `s`, `m`, `h`, `d`. Sizes may have one: `KiB`, `MiB`, `GiB`.
        Lists are `["a", "b"]` in the file and `a,b` in a variable.
      - An empty variable counts as not set.
      - A secret can stay in a file of its own: `kapsel.api-key-file`, `KAPSEL_API_KEY_FILE` and likewise
        for every secret. The file must not be readable by everybody.
      - Unknown settings and unknown `KAPSEL_` variables are errors. All problems are reported at once, one
        line each, and the exit code is 78. Variables that Kubernetes sets for a Service named `kapsel`
        (`KAPSEL_SERVICE_HOST`, `KAPSEL_PORT=tcp://…`) are left alone.
      - The file may also hold the sections `akka`, `akka-persistence-jdbc`, `jdbc-journal`,
        `jdbc-read-journal` and `jdbc-snapshot-store` of the libraries that Kapsel stands on. They win over
        what Kapsel itself tells them.

      This page is made from the code: `./kapsel config --reference > docs/configuration.md`.
      """;

  private SettingsPage() {}

  static String text() {
    var page = new StringBuilder(INTRODUCTION);
    String section = "";
    for (Description knob : Description.of(Settings.class, Settings.ROOT)) {
      String next = knob.path().substring(0, knob.path().lastIndexOf('.'));
      if (!next.equals(section)) {
        page.append("\n## ").append(next).append("\n");
        section = next;
      }
      page.append("\n**`").append(knob.path()).append("`** = `").append(knob.shown()).append("`");
      if (!knob.range().isEmpty()) page.append(" (").append(knob.range()).append(")");
      page.append("  \n").append(knob.reason()).append("  \n");
      page.append(
          knob.environment().stream()
              .map(name -> "`" + name + "`")
              .collect(Collectors.joining(", ", "", "\n")));
    }
    return page.toString();
  }
}
