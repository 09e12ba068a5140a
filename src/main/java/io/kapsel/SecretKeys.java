package io.kapsel;

import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.secrets.Keyring;
import io.kapsel.storage.Database;
import io.kapsel.storage.KeyKeeper;
import java.nio.file.Path;
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
    KeyFile keys = new KeyFile(file);
    if (keys.exists()) return new Prepared(keys.read(), List.of());
    if (needed.stream().anyMatch(id -> !id.equals(KeyKeeper.PLAIN)))
      throw refused(
          file + " is missing, and the database cannot be read without it; restore it from a copy");
    keys.write(List.of(Keyring.newKey(secureRandom)));
    return new Prepared(
        keys.read(),
        List.of(
            "Key for endpoints' secrets: "
                + file.toAbsolutePath().normalize()
                + ". Keep a copy: without it the database cannot be read."));
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
