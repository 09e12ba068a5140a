package io.kapsel;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.secrets.Keyring;
import io.kapsel.storage.Database;
import io.kapsel.storage.KeyKeeper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/**
 * The keys for secrets at rest: where they come from, and whether they are all that the database
 * needs. Nothing may be written under a key before it is certain that it will be there again.
 */
final class SecretKeys {
  /** In the data directory, beside the embedded database. */
  static final String FILE = "secrets.key";

  /**
   * @param remarks what the operator should know, one line each
   */
  record Prepared(Keyring keyring, List<String> remarks) {
    /** The id of the key to seal with. */
    String current() {
      return keyring.current().map(Keyring.Key::id).orElse(KeyKeeper.PLAIN);
    }
  }

  private SecretKeys() {}

  static Prepared prepare(Settings settings, Database database, RandomGenerator secureRandom)
      throws StartFailed {
    Set<String> needed = KeyKeeper.noted(database).keySet();
    boolean own = settings.database().url().isEmbedded();
    Prepared prepared =
        own && settings.secrets().keys().isUnspecified()
            ? ofThisNode(settings.data().resolve(FILE), needed, secureRandom)
            : given(settings.secrets().keys());
    requireAll(needed, prepared.keyring());
    if (settings.secrets().required() && prepared.keyring().current().isEmpty())
      throw refused("kapsel.secrets.required is on and kapsel.secrets.keys has no key to encrypt");
    return prepared;
  }

  private static Prepared given(Keyring keyring) {
    if (keyring.current().isPresent()) return new Prepared(keyring, List.of());
    return new Prepared(
        keyring,
        List.of(
            "WARNING: endpoints' secrets are stored unencrypted. Give a key to every node:"
                + " KAPSEL_SECRETS_KEYS=$(openssl rand -base64 32), and keep a copy of it."));
  }

  private static Prepared ofThisNode(Path file, Set<String> needed, RandomGenerator secureRandom)
      throws StartFailed {
    if (Files.exists(file)) return new Prepared(read(file), List.of());
    if (needed.stream().anyMatch(id -> !id.equals(KeyKeeper.PLAIN)))
      throw refused(
          file + " is missing, and the database cannot be read without it; restore it from a copy");
    write(file, Keyring.newKey(secureRandom));
    return new Prepared(
        read(file),
        List.of(
            "Key for endpoints' secrets: "
                + file.toAbsolutePath().normalize()
                + ". Keep a copy: without it the database cannot be read."));
  }

  private static Keyring read(Path file) throws StartFailed {
    try {
      if (Files.getPosixFilePermissions(file).contains(PosixFilePermission.OTHERS_READ))
        throw refused(file + " may be read by everybody; make it mode 0400");
      Keyring keyring = Keyring.parse(Files.readString(file));
      if (keyring.isUnspecified()) throw refused(file + " is empty; restore it from a copy");
      return keyring;
    } catch (IOException unreadable) {
      throw refused(file + " cannot be read");
    } catch (IllegalArgumentException unusable) {
      throw refused(file + " " + unusable.getMessage());
    }
  }

  /** Complete and on disk, or not there. */
  private static void write(Path file, String text) throws StartFailed {
    Path draft = file.resolveSibling(FILE + ".new");
    try {
      Files.deleteIfExists(draft);
      Files.createFile(
          draft,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      try (FileChannel channel = FileChannel.open(draft, StandardOpenOption.WRITE)) {
        channel.write(ByteBuffer.wrap((text + "\n").getBytes(UTF_8)));
        channel.force(true);
      }
      Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
      try (FileChannel directory = FileChannel.open(file.toAbsolutePath().getParent())) {
        directory.force(true);
      }
    } catch (IOException failed) {
      throw refused(file + " cannot be written: " + failed.getMessage());
    }
  }

  private static void requireAll(Set<String> needed, Keyring keyring) throws StartFailed {
    Set<String> had = keyring.keys().stream().map(Keyring.Key::id).collect(Collectors.toSet());
    List<String> missing =
        needed.stream().filter(id -> !id.equals(KeyKeeper.PLAIN) && !had.contains(id)).toList();
    if (!missing.isEmpty())
      throw refused(
          "the database holds secrets under the key "
              + String.join(", ", missing)
              + ", which kapsel.secrets.keys does not hold; add it behind the others");
  }

  private static StartFailed refused(String detail) {
    return StartFailed.misconfigured(ErrorCode.CONFIG_SECRET, detail);
  }
}
