package io.kapsel;

import io.kapsel.config.Sources;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The flags that change settings. */
final class SettingsOptions {
  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "Configuration file (HOCON); docs/configuration.md lists the settings.")
  private Optional<Path> file = Optional.empty();

  @Option(names = "--port", description = "Port to listen on; 0 takes a free one.")
  private Optional<String> port = Optional.empty();

  @Option(
      names = "--data",
      paramLabel = "DIRECTORY",
      description = "Where this node keeps what it needs.")
  private Optional<String> data = Optional.empty();

  @Option(
      names = "--database-url",
      paramLabel = "URL",
      description = "PostgreSQL 15 or newer, instead of the embedded one.")
  private Optional<String> databaseUrl = Optional.empty();

  Sources sources(Map<String, String> environment) {
    Sources sources = Sources.NONE.withEnvironment(environment);
    if (file.isPresent()) sources = sources.withFile(file.get());
    if (port.isPresent()) sources = sources.withFlag("--port", "kapsel.http.port", port.get());
    if (data.isPresent()) sources = sources.withFlag("--data", "kapsel.data", data.get());
    if (databaseUrl.isPresent())
      sources = sources.withFlag("--database-url", "kapsel.database.url", databaseUrl.get());
    return sources;
  }
}
