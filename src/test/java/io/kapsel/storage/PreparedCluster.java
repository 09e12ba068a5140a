package io.kapsel.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.stream.Stream;

/** A data directory as the first start leaves it, to be copied: creating one takes seconds. */
final class PreparedCluster {
  static final Path BINARIES = Path.of("target", "postgres-binaries");

  private static final Path ORIGINAL = prepare();

  private PreparedCluster() {}

  /** A new data directory; its user removes it. */
  static Path copy() throws IOException {
    Path copy = temporary("cluster-");
    try (Stream<Path> paths = Files.walk(ORIGINAL)) {
      for (Path path : paths.toList()) {
        Path target = copy.resolve(ORIGINAL.relativize(path));
        if (!path.equals(ORIGINAL)) {
          Files.copy(path, target, StandardCopyOption.COPY_ATTRIBUTES);
        }
      }
    }
    return copy;
  }

  private static Path prepare() {
    try {
      Path directory = temporary("prepared-");
      Runtime.getRuntime().addShutdownHook(new Thread(() -> remove(directory)));
      EmbeddedPostgres.start(EmbeddedPostgresSettings.in(directory).withBinaries(BINARIES)).close();
      return directory;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path temporary(String prefix) throws IOException {
    return Files.createTempDirectory(Files.createDirectories(Path.of("target")), prefix);
  }

  private static void remove(Path directory) {
    try {
      PostgresBinaries.deleteRecursively(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
