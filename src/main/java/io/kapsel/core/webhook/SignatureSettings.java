package io.kapsel.core.webhook;

import java.util.List;

/**
 * How an endpoint verifies what it receives.
 *
 * @param secrets active secrets, current first; any of them may match
 * @param header signature header of the generic scheme
 * @param prefix text before the signature in the header, such as {@code sha256=}
 * @param timestampHeader header with the timestamp in seconds, empty when the scheme has none
 * @param template what is signed by the generic scheme, with {@code {timestamp}}, {@code {id}} (the
 *     {@code webhook-id} header), {@code {url}}, {@code {method}}, {@code {body}} and {@code
 *     {header:Name}}
 * @param toleranceSeconds how far a timestamp may be from now, both ways
 * @param allowSha1 whether GitHub's legacy {@code X-Hub-Signature} is accepted when {@code
 *     X-Hub-Signature-256} is absent
 * @param signatureField name of the signature inside a header of the form {@code ts=1;h1=abc},
 *     empty when the whole header is the signature
 * @param timestampField name of the timestamp inside the same header, empty when it has none
 * @param timestampUnit unit of the timestamp of the generic scheme
 * @param secretEncoding how the secrets of the generic scheme are written
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
    boolean allowSha1,
    String signatureField,
    String timestampField,
    TimestampUnit timestampUnit,
    SecretEncoding secretEncoding) {

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
    SHA512,
    ED25519
  }

  public enum Encoding {
    HEX,
    BASE64
  }

  public enum TimestampUnit {
    SECONDS,
    MILLIS
  }

  public enum SecretEncoding {
    TEXT,
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
        false,
        "",
        "",
        TimestampUnit.SECONDS,
        SecretEncoding.TEXT);
  }

  public SignatureSettings {
    secrets = List.copyOf(secrets);
  }

  public SignatureSettings withSecrets(List<Secret> newSecrets) {
    return new SignatureSettings(
        scheme,
        newSecrets,
        header,
        algorithm,
        encoding,
        prefix,
        timestampHeader,
        template,
        toleranceSeconds,
        allowSha1,
        signatureField,
        timestampField,
        timestampUnit,
        secretEncoding);
  }
}
