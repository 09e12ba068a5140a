package io.kapsel.core.webhook;

import java.util.List;

/**
 * How an endpoint verifies what it receives.
 *
 * @param secrets active secrets, current first; any of them may match
 * @param header signature header of the generic scheme
 * @param prefix text before the signature in the header, such as {@code sha256=}
 * @param timestampHeader header with the timestamp in seconds, empty when the scheme has none
 * @param template what is signed by the generic scheme, with {@code {timestamp}}, {@code {id}},
 *     {@code {url}}, {@code {method}} and {@code {body}}
 * @param toleranceSeconds how far a timestamp may be from now, both ways
 * @param allowSha1 whether GitHub's legacy {@code X-Hub-Signature} is accepted too
 */
public record SignatureSettings(
    Scheme scheme,
    List<Secret> secrets,
    String header,
    Algorithm algorithm,
    Encoding encoding,
    String prefix,
    String timestampHeader,
    String template,
    int toleranceSeconds,
    boolean allowSha1) {

  public enum Scheme {
    NONE,
    STANDARD_WEBHOOKS,
    STRIPE,
    GITHUB,
    SHOPIFY,
    SLACK,
    TWILIO,
    GITLAB_TOKEN,
    HMAC
  }

  public enum Algorithm {
    SHA1,
    SHA256,
    SHA512
  }

  public enum Encoding {
    HEX,
    BASE64
  }

  public static final SignatureSettings NONE = of(Scheme.NONE, List.of());

  public static SignatureSettings of(Scheme scheme, List<Secret> secrets) {
    return new SignatureSettings(
        scheme,
        secrets,
        "X-Signature",
        Algorithm.SHA256,
        Encoding.HEX,
        "",
        "",
        "{body}",
        300,
        false);
  }

  public SignatureSettings {
    secrets = List.copyOf(secrets);
  }
}
