package io.kapsel.deliver;

import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Certificates and keys in RFC 7468 text. Messages are for tenants and repeat nothing. */
final class Pem {
  /** What is wrong, as a sentence. */
  static final class Unusable extends Exception {
    private static final long serialVersionUID = 1L;

    Unusable(String message) {
      super(message);
    }

    String sentence() {
      return String.valueOf(getMessage());
    }
  }

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Block(String label, byte[] bytes) {}

  private static final int CERTIFICATES_MAX = 50;
  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]{1,40})-----([A-Za-z0-9+/=\\s]*+)-----END \\1-----");

  private Pem() {}

  static List<X509Certificate> certificates(String text) throws Unusable {
    List<X509Certificate> certificates = new ArrayList<>();
    for (Block block : blocks(text)) {
      if (!block.label().equals("CERTIFICATE"))
        throw new Unusable("Must hold certificates (BEGIN CERTIFICATE) and nothing else.");
      certificates.add(certificate(block.bytes()));
    }
    if (certificates.isEmpty())
      throw new Unusable("Must hold at least one certificate in PEM (BEGIN CERTIFICATE).");
    return certificates;
  }

  private static X509Certificate certificate(byte[] der) throws Unusable {
    try {
      return (X509Certificate)
          CertificateFactory.getInstance("X.509")
              .generateCertificate(new ByteArrayInputStream(der));
    } catch (CertificateException unreadable) {
      throw new Unusable("Must hold readable X.509 certificates.");
    }
  }

  /** Each one issued by the next: RFC 8446 §4.4.2. */
  static void requireChain(List<X509Certificate> certificates) throws Unusable {
    for (int i = 0; i + 1 < certificates.size(); i++) {
      try {
        certificates.get(i).verify(certificates.get(i + 1).getPublicKey());
      } catch (GeneralSecurityException notIssued) {
        throw new Unusable("Must hold the client's certificate first, then each one's issuer.");
      }
    }
  }

  /**
   * @param mate the public key that it must belong to
   */
  static PrivateKey privateKey(String text, PublicKey mate) throws Unusable {
    List<Block> blocks = blocks(text);
    if (blocks.size() != 1 || !blocks.getFirst().label().equals("PRIVATE KEY"))
      throw new Unusable("Must be one unencrypted PKCS #8 key in PEM (BEGIN PRIVATE KEY).");
    PrivateKey key;
    try {
      key =
          KeyFactory.getInstance(mate.getAlgorithm())
              .generatePrivate(new PKCS8EncodedKeySpec(blocks.getFirst().bytes()));
    } catch (GeneralSecurityException unreadable) {
      throw new Unusable("Must be a key of the kind that the certificate has.");
    }
    if (!belongTogether(key, mate)) throw new Unusable("Does not belong to the certificate.");
    return key;
  }

  private static boolean belongTogether(PrivateKey key, PublicKey mate) throws Unusable {
    String algorithm =
        switch (mate.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          case "EdDSA", "Ed25519" -> "Ed25519";
          default -> throw new Unusable("Must be an RSA, EC or Ed25519 key.");
        };
    byte[] anything = {1, 2, 3};
    try {
      Signature signer = Signature.getInstance(algorithm);
      signer.initSign(key);
      signer.update(anything);
      Signature verifier = Signature.getInstance(algorithm);
      verifier.initVerify(mate);
      verifier.update(anything);
      return verifier.verify(signer.sign());
    } catch (GeneralSecurityException doNotFit) {
      return false;
    }
  }

  private static List<Block> blocks(String text) throws Unusable {
    List<Block> blocks = new ArrayList<>();
    Matcher matcher = BLOCK.matcher(text);
    while (matcher.find()) {
      if (blocks.size() == CERTIFICATES_MAX)
        throw new Unusable("Must hold at most " + CERTIFICATES_MAX + " certificates.");
      blocks.add(new Block(matcher.group(1), bytes(matcher.group(2))));
    }
    return blocks;
  }

  private static byte[] bytes(String base64) throws Unusable {
    try {
      return Base64.getMimeDecoder().decode(base64);
    } catch (IllegalArgumentException malformed) {
      throw new Unusable("Must be PEM with well-formed Base64.");
    }
  }
}
