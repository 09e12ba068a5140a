package io.kapsel.core.webhook;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The {@code Content-Digest} of a request (RFC 9530): what the sender meant to send. */
final class ContentDigest {
  private static final Pattern MEMBER =
      Pattern.compile("(sha-256|sha-512)=:([A-Za-z0-9+/]*={0,2}):([ \\t]*;.*)?");

  private ContentDigest() {}

  /**
   * Whether a digest that can be read belongs to another body. Unknown algorithms and what is
   * malformed say nothing.
   *
   * @param body the octets as received: the digest covers any content coding
   */
  static boolean contradicts(List<Header> headers, byte[] body) {
    for (Header header : headers) {
      if (!header.isNamed("Content-Digest")) continue;
      for (String member : header.value().split(",", -1)) {
        Matcher digest = MEMBER.matcher(HeaderLines.withoutBlanks(member));
        if (!digest.matches()) continue;
        byte[] claimed = CanonicalBase64.decode(digest.group(2));
        byte[] actual = digest(digest.group(1), body);
        if (claimed != null && claimed.length == actual.length) {
          if (!MessageDigest.isEqual(claimed, actual)) return true;
        }
      }
    }
    return false;
  }

  private static byte[] digest(String algorithm, byte[] body) {
    try {
      return MessageDigest.getInstance(algorithm).digest(body);
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every JDK has " + algorithm, impossible);
    }
  }
}
