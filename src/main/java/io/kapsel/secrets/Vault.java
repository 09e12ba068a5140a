package io.kapsel.secrets;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import java.util.random.RandomGenerator;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;

/**
 * Seals what must not be readable in the database.
 *
 * <p>A sealed text is {@code 1.<key id>.<Base64url of nonce, ciphertext and tag>}. Nonces are 96
 * random bits (NIST SP 800-38D §8.2.2), which is good for 2^32 sealings under one key: a
 * configuration changed a hundred times a second for a year. The context, the key id and the
 * version are authenticated: what was sealed for one purpose or place opens in no other.
 */
public final class Vault {
  /** Seals nothing and opens nothing. */
  public static final Vault NONE =
      new Vault(
          Keyring.EMPTY,
          () -> {
            throw new IllegalStateException("There is no key to seal with.");
          });

  /** What was sealed cannot be opened: its key is missing, or it was changed or moved. */
  public static final class Unopenable extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Unopenable(String message) {
      super(message);
    }
  }

  private static final String VERSION = "1";
  private static final String CIPHER = "AES/GCM/NoPadding";
  private static final int NONCE_BYTES = 12;
  private static final int TAG_BITS = 128;

  private final Keyring keyring;
  private final RandomGenerator random;

  /**
   * @param random for nonces; a secure one in production
   */
  public Vault(Keyring keyring, RandomGenerator random) {
    this.keyring = keyring;
    this.random = random;
  }

  public Keyring keyring() {
    return keyring;
  }

  /** Whether there is a key to seal with. */
  public boolean seals() {
    return keyring.current().isPresent();
  }

  /** The id of the key that a sealed text needs. */
  public static Optional<String> keyIdOf(String sealed) {
    String[] parts = sealed.split("\\.", -1);
    return parts.length == 3 && parts[0].equals(VERSION) ? Optional.of(parts[1]) : Optional.empty();
  }

  /** Whether it is sealed under the key that would seal it now. */
  public boolean isCurrent(String sealed) {
    return keyring
        .current()
        .map(key -> keyIdOf(sealed).equals(Optional.of(key.id())))
        .orElse(false);
  }

  /**
   * @param context where this belongs; must be the same when it is opened
   */
  public String seal(byte[] plain, String context) {
    Keyring.Key key = keyring.current().orElseThrow();
    byte[] nonce = new byte[NONCE_BYTES];
    random.nextBytes(nonce);
    byte[] sealed = run(Cipher.ENCRYPT_MODE, key, nonce, context, plain);
    byte[] all = ByteBuffer.allocate(nonce.length + sealed.length).put(nonce).put(sealed).array();
    return VERSION
        + "."
        + key.id()
        + "."
        + Base64.getUrlEncoder().withoutPadding().encodeToString(all);
  }

  /**
   * @throws Unopenable when the key is not on the ring, or when text or context are not as sealed
   */
  public byte[] open(String sealed, String context) {
    String id =
        keyIdOf(sealed).orElseThrow(() -> new Unopenable("A sealed secret has an unknown form."));
    Keyring.Key key =
        keyring
            .find(id)
            .orElseThrow(
                () -> new Unopenable("A secret is sealed under the key " + id + ", not given."));
    byte[] all = bytes(sealed.substring(sealed.lastIndexOf('.') + 1));
    if (all.length < NONCE_BYTES + TAG_BITS / 8)
      throw new Unopenable("A sealed secret is cut off.");
    byte[] nonce = Arrays.copyOf(all, NONCE_BYTES);
    byte[] rest = Arrays.copyOfRange(all, NONCE_BYTES, all.length);
    return run(Cipher.DECRYPT_MODE, key, nonce, context, rest);
  }

  /** Only the one way to write the same bytes: a changed character is a changed secret. */
  private static byte[] bytes(String text) {
    try {
      byte[] bytes = Base64.getUrlDecoder().decode(text);
      if (Base64.getUrlEncoder().withoutPadding().encodeToString(bytes).equals(text)) return bytes;
    } catch (IllegalArgumentException notBase64) {
      throw new Unopenable("A sealed secret is not Base64.");
    }
    throw new Unopenable("A sealed secret is not canonical Base64.");
  }

  private static byte[] run(int mode, Keyring.Key key, byte[] nonce, String context, byte[] input) {
    try {
      Cipher cipher = Cipher.getInstance(CIPHER);
      cipher.init(mode, key.material(), new GCMParameterSpec(TAG_BITS, nonce));
      String authenticated = VERSION + "." + key.id() + "." + context;
      cipher.updateAAD(authenticated.getBytes(StandardCharsets.UTF_8));
      return cipher.doFinal(input);
    } catch (AEADBadTagException changed) {
      throw new Unopenable("A sealed secret was changed or moved from where it belongs.");
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
