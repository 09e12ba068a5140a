package io.kapsel.secrets;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Base64;
import java.util.HashSet;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VaultTest {
  private static final String OLD = Keyring.newKey(new SplittableRandom(1));
  private static final String NEW = Keyring.newKey(new SplittableRandom(2));
  private static final byte[] SECRET = "whsec_do-not-tell".getBytes(UTF_8);

  private static Vault vault(String keys) {
    return new Vault(Keyring.parse(keys), new SplittableRandom(3));
  }

  @Property(tries = 200)
  void what_was_sealed_opens_in_its_context(
      @ForAll @Size(max = 5_000) byte[] plain, @ForAll String context) {
    Vault vault = vault(NEW);
    assertArrayEquals(plain, vault.open(vault.seal(plain, context), context));
  }

  @Property(tries = 200)
  void it_opens_in_no_other_context(@ForAll String context, @ForAll String other) {
    if (context.equals(other)) return;
    String sealed = vault(NEW).seal(SECRET, context);
    assertThrows(Vault.Unopenable.class, () -> vault(NEW).open(sealed, other));
  }

  /** Every bit, not a sample of them: of the nonce, the ciphertext and the tag. */
  @Test
  void any_changed_bit_is_noticed() {
    String sealed = vault(NEW).seal(SECRET, "here");
    String head = sealed.substring(0, sealed.lastIndexOf('.') + 1);
    byte[] bytes = Base64.getUrlDecoder().decode(sealed.substring(head.length()));
    assertEquals(12 + SECRET.length + 16, bytes.length);
    for (int bit = 0; bit < bytes.length * 8; bit++) {
      byte[] changed = bytes.clone();
      changed[bit / 8] ^= (byte) (1 << (bit % 8));
      String text = head + Base64.getUrlEncoder().withoutPadding().encodeToString(changed);
      assertThrows(Vault.Unopenable.class, () -> vault(NEW).open(text, "here"), "bit " + bit);
    }
  }

  /** Also where a character has bits that Base64 does not need. */
  @Test
  void any_changed_character_is_noticed() {
    for (int length = 16; length < 19; length++) {
      String sealed = vault(NEW).seal(new byte[length], "here");
      for (int at = 0; at < sealed.length(); at++)
        for (char to = 33; to < 127; to++) {
          if (sealed.charAt(at) == to) continue;
          String changed = sealed.substring(0, at) + to + sealed.substring(at + 1);
          assertThrows(Vault.Unopenable.class, () -> vault(NEW).open(changed, "here"), changed);
        }
    }
  }

  @Property(tries = 200)
  void no_text_at_all_does_more_than_not_open(@ForAll String text) {
    assertThrows(Vault.Unopenable.class, () -> vault(NEW).open(text, "here"));
  }

  @Test
  void a_shortened_text_does_not_open() {
    String sealed = vault(NEW).seal(SECRET, "here");
    for (int length = 0; length < sealed.length(); length++) {
      String cut = sealed.substring(0, length);
      assertThrows(Vault.Unopenable.class, () -> vault(NEW).open(cut, "here"), cut);
    }
  }

  @Test
  void the_key_id_cannot_be_exchanged() {
    Vault both = vault(NEW + "," + OLD);
    String sealed = both.seal(SECRET, "here");
    String other = both.keyring().keys().get(1).id();
    String relabelled = sealed.replace(Vault.keyIdOf(sealed).orElseThrow(), other);
    assertThrows(Vault.Unopenable.class, () -> both.open(relabelled, "here"));
  }

  @Test
  void a_key_that_is_missing_is_named_and_the_secret_is_not() {
    String sealed = vault(OLD).seal(SECRET, "here");
    var refused = assertThrows(Vault.Unopenable.class, () -> vault(NEW).open(sealed, "here"));
    assertTrue(String.valueOf(refused.getMessage()).contains(Vault.keyIdOf(sealed).orElseThrow()));
  }

  @Test
  void a_former_key_opens_and_the_first_one_seals() {
    String sealed = vault(OLD).seal(SECRET, "here");
    Vault both = vault(NEW + "\n" + OLD + "\n");
    assertArrayEquals(SECRET, both.open(sealed, "here"));
    assertFalse(both.isCurrent(sealed));
    String again = both.seal(SECRET, "here");
    assertTrue(both.isCurrent(again));
    assertArrayEquals(SECRET, vault(NEW).open(again, "here"));
  }

  @Test
  void the_same_secret_never_looks_the_same() {
    Vault vault = vault(NEW);
    var seen = new HashSet<String>();
    for (int i = 0; i < 1_000; i++) assertTrue(seen.add(vault.seal(SECRET, "here")));
  }

  /** What the database holds is read for ever. */
  @Test
  void a_text_sealed_by_the_first_version_opens() {
    assertEquals(
        "whsec_do-not-tell", new String(vault(NEW).open(FIRST_VERSION, "a context"), UTF_8));
    assertEquals(FIRST_VERSION, vault(NEW).seal(SECRET, "a context"));
  }

  private static final String FIRST_VERSION =
      "1.59b26a13d15ddd61.7Y8B2-QUCx2JqYF78ZEkciPpR32gIDFRthiYsCfCkK-xVse1AiR6MOs9dhX6";

  @Nested
  class Keys {
    @Test
    void plain_in_front_opens_and_does_not_seal() {
      Keyring keyring = Keyring.parse("plain, " + OLD);
      assertEquals(Optional.empty(), keyring.current());
      assertEquals(1, keyring.keys().size());
      assertFalse(new Vault(keyring, new SplittableRandom(1)).seals());
    }

    @Test
    void nothing_said_is_told_from_plain() {
      assertTrue(Keyring.parse(" \n").isUnspecified());
      assertFalse(Keyring.parse("plain").isUnspecified());
      assertNotEquals(Keyring.parse("plain"), Keyring.parse(""));
    }

    @ParameterizedTest
    @ValueSource(
        strings = {
          "secret",
          "AAAA",
          "c2hvcnQ=",
          "!!!",
          "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
          "plain plain"
        })
    void what_is_no_key_is_refused_and_not_repeated(String text) {
      var refused = assertThrows(IllegalArgumentException.class, () -> Keyring.parse(text));
      assertFalse(String.valueOf(refused.getMessage()).contains(text));
    }

    @Test
    void a_key_twice_is_a_mistake() {
      assertThrows(IllegalArgumentException.class, () -> Keyring.parse(OLD + " " + OLD));
    }

    @Test
    void a_key_never_shows_itself() {
      Keyring keyring = Keyring.parse(NEW + " " + OLD);
      String shown = keyring + " " + keyring.keys() + " " + keyring.current();
      assertFalse(shown.contains(NEW) || shown.contains(OLD), shown);
      var ids = new TreeSet<String>();
      keyring.keys().forEach(key -> ids.add(key.id()));
      assertEquals(2, ids.size());
    }
  }
}
