package io.kapsel.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Under which account the database server runs. PostgreSQL refuses root. A root process therefore
 * starts it in a user namespace of its own, where it is nobody but its files stay root's; where
 * namespaces are forbidden, as in many containers, it gives the files to an unprivileged account
 * and starts it as that. The owner of existing files decides on later starts.
 *
 * @param launcher put in front of a command
 * @param uid owner of the files, -1 for the account of this process
 */
record ServerAccount(List<String> launcher, int uid, int gid) {
  private static final int ROOT = 0;
  private static final int NOBODY = 65534;
  private static final int PROBE_TIMEOUT_SECONDS = 10;

  static ServerAccount of(Path directory, Path cluster) throws IOException {
    int self = owner(Path.of("/proc/self"), "unix:uid");
    boolean exists = Files.exists(cluster);
    int owner = exists ? owner(cluster, "unix:uid") : self;
    if (self != ROOT) {
      if (owner != self) {
        throw new IOException(
            cluster + " belongs to uid " + owner + ", this process runs as uid " + self);
      }
      return new ServerAccount(List.of(), -1, -1);
    }
    if (owner != ROOT) return switched(directory, owner, owner(cluster, "unix:gid"));
    if (succeeds("unshare", "--user", "true")) {
      return new ServerAccount(List.of("unshare", "--user"), -1, -1);
    }
    return switched(directory, NOBODY, NOBODY);
  }

  /** Runs as another account, which must be able to reach the directory. */
  static ServerAccount switched(Path directory, int uid, int gid) throws IOException {
    List<String> launcher =
        List.of("setpriv", "--reuid=" + uid, "--regid=" + gid, "--clear-groups", "--no-new-privs");
    var probe = new ArrayList<>(launcher);
    probe.addAll(List.of("test", "-x", directory.toString()));
    if (!succeeds(probe.toArray(String[]::new))) {
      throw new IOException(
          "PostgreSQL does not run as root, and uid "
              + uid
              + " cannot reach "
              + directory
              + "; run as an ordinary user, choose another data directory, or give a database with"
              + " --database-url");
    }
    return new ServerAccount(launcher, uid, gid);
  }

  List<String> command(List<String> command) {
    var all = new ArrayList<>(launcher);
    all.addAll(command);
    return all;
  }

  /** Makes the server the owner of the file or directory tree. */
  void own(Path root) throws IOException {
    if (uid < 0) return;
    try (Stream<Path> paths = Files.walk(root)) {
      paths.forEach(
          path -> {
            try {
              Files.setAttribute(path, "unix:uid", uid, LinkOption.NOFOLLOW_LINKS);
              Files.setAttribute(path, "unix:gid", gid, LinkOption.NOFOLLOW_LINKS);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    }
  }

  private static int owner(Path path, String attribute) throws IOException {
    return (Integer) Files.getAttribute(path, attribute);
  }

  private static boolean succeeds(String... command) throws IOException {
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      if (process.waitFor(PROBE_TIMEOUT_SECONDS, TimeUnit.SECONDS)) return process.exitValue() == 0;
      process.destroyForcibly();
      return false;
    } catch (IOException notInstalled) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
