package io.kapsel.secrets;

import io.kapsel.core.webhook.Sha256;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;

/**
 * The keys of a node: at most one to seal with, all of them to open with. A key's id is computed
 * from the key, so that two keys never have one id and a key cannot be filed under a wrong one.
 */
public final class Keyring {
  /** In place of the first key: new secrets stay plain, while every node learns to open. */
  public static final String PLAIN = "plain";

  public static final int KEY_BYTES = 32;
  public static final Keyring EMPTY = new Keyring(false, List.of());

  private static final int KEYS_MAX = 16;
  private static final int ID_BYTES = 8;

  /** Separates the derivation of ids from every other use of a key. */
  private static final byte[] ID_CONTEXT = "kapsel key id 1\n".getBytes(StandardCharsets.US_ASCII);

  /** One key. Its text form is its id, which may be shown. */
  public record Key(String id, SecretKey material) {
    static Key of(byte[] bytes) {
      byte[] id = Arrays.copyOf(Sha256.of(ID_CONTEXT, bytes), ID_BYTES);
      return new Key(HexFormat.of().formatHex(id), new SecretKeySpec(bytes, "AES"));
    }

    @Override
    public String toString() {
      return id;
    }
  }

  private final boolean plain;
  private final List<Key> keys;

  private Keyring(boolean plain, List<Key> keys) {
    this.plain = plain;
    this.keys = List.copyOf(keys);
  }

  /**
   * Reads keys of 32 bytes in Base64, separated by commas or white space, the one to seal with
   * first.
   *
   * @throws IllegalArgumentException without anything of the text
   */
  public static Keyring parse(String text) {
    List<String> words =
        Arrays.stream(text.split("[,\\s]+", -1)).filter(word -> !word.isEmpty()).toList();
    boolean plain = !words.isEmpty() && words.getFirst().equals(PLAIN);
    List<Key> keys = new ArrayList<>();
    for (String word : plain ? words.subList(1, words.size()) : words) keys.add(key(word));
    if (keys.size() > KEYS_MAX) throw unusable();
    if (keys.stream().map(Key::id).distinct().count() < keys.size())
      throw new IllegalArgumentException("holds the same key twice");
    return new Keyring(plain, keys);
  }

  private static Key key(String word) {
    byte[] bytes;
    try {
      bytes = Base64.getDecoder().decode(word);
    } catch (IllegalArgumentException notBase64) {
      throw unusable();
    }
    if (bytes.length != KEY_BYTES) throw unusable();
    return Key.of(bytes);
  }

  private static IllegalArgumentException unusable() {
    return new IllegalArgumentException(
        "must be 1 to "
            + KEYS_MAX
            + " keys of 32 bytes in Base64, separated by commas or line breaks, the current one"
            + " first; `openssl rand -base64 32` makes one");
  }

  /** A new key in the form that {@link #parse} reads; the generator must be a secure one. */
  public static String newKey(RandomGenerator secureRandom) {
    byte[] bytes = new byte[KEY_BYTES];
    secureRandom.nextBytes(bytes);
    return Base64.getEncoder().encodeToString(bytes);
  }

  /** The key to seal with; none when secrets are to be stored as they are. */
  public Optional<Key> current() {
    return plain ? Optional.empty() : keys.stream().findFirst();
  }

  /** Whether nothing at all was said about keys. */
  public boolean isUnspecified() {
    return !plain && keys.isEmpty();
  }

  /** Every key that can be opened with. */
  public List<Key> keys() {
    return keys;
  }

  Optional<Key> find(String id) {
    return keys.stream().filter(key -> key.id().equals(id)).findFirst();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Keyring ring && plain == ring.plain && keys.equals(ring.keys);
  }

  @Override
  public int hashCode() {
    return Objects.hash(plain, keys);
  }

  @Override
  public String toString() {
    return keys.stream().map(Key::id).collect(Collectors.joining(",", "keys:", ""));
  }
}
