package io.kapsel.core.webhook;

import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.HexFormat;
import java.util.List;

/** Ed25519 (RFC 8032) over raw keys of 32 bytes. */
final class Ed25519 {
  static final int KEY_BYTES = 32;
  static final int SIGNATURE_BYTES = 64;

  /**
   * Signatures in one request. Unlike codes, each is verified over the whole body for each key, so
   * that an unsigned sender must not be able to ask for many; a rotation needs two.
   */
  static final int CANDIDATES_MAX = 4;

  // The DER that stands before a raw key in SubjectPublicKeyInfo and PKCS#8 (RFC 8410).
  private static final byte[] PUBLIC_KEY_DER = HexFormat.of().parseHex("302a300506032b6570032100");
  private static final byte[] PRIVATE_KEY_DER =
      HexFormat.of().parseHex("302e020100300506032b657004220420");

  private Ed25519() {}

  /** False for anything but a valid signature of exactly 64 bytes: the JDK takes a 65th byte. */
  static boolean verifies(byte[] publicKey, List<byte[]> parts, byte[] signature) {
    if (publicKey.length != KEY_BYTES || signature.length != SIGNATURE_BYTES) return false;
    try {
      PublicKey key =
          KeyFactory.getInstance("Ed25519")
              .generatePublic(new X509EncodedKeySpec(concat(PUBLIC_KEY_DER, publicKey)));
      Signature verifier = Signature.getInstance("Ed25519");
      verifier.initVerify(key);
      for (byte[] part : parts) verifier.update(part);
      return verifier.verify(signature);
    } catch (GeneralSecurityException notAPointOrNotASignature) {
      return false;
    }
  }

  static byte[] sign(byte[] seed, List<byte[]> parts) {
    try {
      PrivateKey key =
          KeyFactory.getInstance("Ed25519")
              .generatePrivate(new PKCS8EncodedKeySpec(concat(PRIVATE_KEY_DER, seed)));
      Signature signer = Signature.getInstance("Ed25519");
      signer.initSign(key);
      for (byte[] part : parts) signer.update(part);
      return signer.sign();
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException("a seed of 32 bytes always signs", impossible);
    }
  }

  /** Whether the public key belongs to the seed: what the seed signs, the public key verifies. */
  static boolean belongTogether(byte[] seed, byte[] publicKey) {
    List<byte[]> probe = List.of(new byte[] {1});
    return verifies(publicKey, probe, sign(seed, probe));
  }

  private static byte[] concat(byte[] head, byte[] tail) {
    byte[] whole = new byte[head.length + tail.length];
    System.arraycopy(head, 0, whole, 0, head.length);
    System.arraycopy(tail, 0, whole, head.length, tail.length);
    return whole;
  }
}
