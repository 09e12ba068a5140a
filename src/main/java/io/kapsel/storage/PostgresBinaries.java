package io.kapsel.storage;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.tukaani.xz.XZInputStream;

/** Unpacks the bundled PostgreSQL once; later starts find it unpacked. */
final class PostgresBinaries {
  private static final String RESOURCE = "/postgres-linux-x86_64.txz";

  private PostgresBinaries() {}

  /** The directory that holds {@code bin}, {@code lib} and {@code share}, below {@code parent}. */
  static Path unpack(Path parent) throws IOException {
    String system = System.getProperty("os.name") + "/" + System.getProperty("os.arch");
    URL archive = PostgresBinaries.class.getResource(RESOURCE);
    if (!system.equals("Linux/amd64") || archive == null) {
      throw new IOException(
          "no embedded PostgreSQL for " + system + "; give a database with --database-url");
    }
    URLConnection source = archive.openConnection();
    Path home = parent.resolve("postgres-" + Long.toHexString(source.getContentLengthLong()));
    if (Files.isDirectory(home)) return home;
    Path unfinished = Files.createTempDirectory(parent, "unpacking-");
    try {
      try (InputStream in = source.getInputStream()) {
        extract(in, unfinished);
      }
      // Readable by the account that runs the server when that is not ours.
      Files.setPosixFilePermissions(unfinished, PosixFilePermissions.fromString("rwxr-xr-x"));
      Files.move(unfinished, home, StandardCopyOption.ATOMIC_MOVE);
    } catch (FileAlreadyExistsException alreadyUnpacked) {
      // Another process was faster.
    } finally {
      deleteRecursively(unfinished);
    }
    return home;
  }

  private static void extract(InputStream archive, Path target) throws IOException {
    try (var tar =
        new TarArchiveInputStream(new XZInputStream(new BufferedInputStream(archive, 1 << 16)))) {
      TarArchiveEntry entry;
      while ((entry = tar.getNextEntry()) != null) {
        Path path = target.resolve(entry.getName()).normalize();
        if (!path.startsWith(target))
          throw new IOException("outside the target: " + entry.getName());
        if (entry.getName().endsWith(".a")) continue;
        if (entry.isDirectory()) {
          Files.createDirectories(path);
        } else {
          Files.createDirectories(path.resolveSibling(""));
          if (entry.isSymbolicLink()) {
            Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
          } else {
            Files.copy(tar, path);
            boolean executable = (entry.getMode() & 0100) != 0;
            Files.setPosixFilePermissions(
                path, PosixFilePermissions.fromString(executable ? "rwxr-xr-x" : "rw-r--r--"));
          }
        }
      }
    }
  }

  static void deleteRecursively(Path root) throws IOException {
    if (!Files.exists(root)) return;
    try (Stream<Path> paths = Files.walk(root)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) Files.delete(path);
    }
  }
}
