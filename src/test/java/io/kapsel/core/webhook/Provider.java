package io.kapsel.core.webhook;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.kapsel.core.webhook.SignatureSettings.Algorithm;
import io.kapsel.core.webhook.SignatureSettings.Encoding;
import io.kapsel.core.webhook.SignatureSettings.Scheme;
import io.kapsel.core.webhook.SignatureSettings.SecretEncoding;
import io.kapsel.core.webhook.SignatureSettings.TimestampUnit;
import java.io.ByteArrayOutputStream;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.Signature;
import java.security.spec.EdECPrivateKeySpec;
import java.security.spec.NamedParameterSpec;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Senders as the providers document them, one for each row of the table of schemes. They sign with
 * the JDK alone, so that nothing of the code under test helps it to agree with itself.
 */
@SuppressWarnings("ImmutableEnumChecker") // SignatureSettings is, as a record of immutable parts
enum Provider {
  STANDARD_WEBHOOKS(Scheme.STANDARD_WEBHOOKS, true) {
    @Override
    Secret secret(int number) {
      return new Secret("whsec_" + base64(keyBytes(number)));
    }

    @Override
    List<Header> sign(Secret secret, Message message) {
      return standardWebhooks("webhook-", secret, message);
    }
  },
  SVIX(Scheme.STANDARD_WEBHOOKS, true) {
    @Override
    Secret secret(int number) {
      return new Secret(base64(keyBytes(number)));
    }

    @Override
    List<Header> sign(Secret secret, Message message) {
      return standardWebhooks("svix-", secret, message);
    }
  },
  STANDARD_WEBHOOKS_ED25519(Scheme.STANDARD_WEBHOOKS, true) {
    @Override
    Secret secret(int number) {
      return new Secret("whpk_" + base64(HexFormat.of().parseHex(PUBLIC_KEYS.get(number))));
    }

    @Override
    List<Header> sign(Secret secret, Message message) {
      String text = message.id() + "." + message.seconds() + ".";
      return List.of(
          new Header("Webhook-Id", message.id()),
          new Header("Webhook-Timestamp", message.seconds()),
          new Header("Webhook-Signature", "v1a," + base64(ed25519(secret, text, message.body()))));
    }
  },
  STRIPE(Scheme.STRIPE, true) {
    @Override
    List<Header> sign(Secret secret, Message message) {
      String hex = hex(hmac("SHA256", secret, message.seconds() + ".", message.body()));
      return List.of(
          new Header("Stripe-Signature", "t=" + message.seconds() + ",v1=" + hex + ",v0=00ff"));
    }
  },
  GITHUB(Scheme.GITHUB, false) {
    @Override
    List<Header> sign(Secret secret, Message message) {
      return List.of(
          new Header(
              "X-Hub-Signature-256", "sha256=" + hex(hmac("SHA256", secret, "", message.body()))));
    }
  },
  GITHUB_SHA1(Scheme.GITHUB, false) {
    @Override
    SignatureSettings settings(List<Secret> secrets) {
      SignatureSettings or = super.settings(secrets);
      return new SignatureSettings(
          Scheme.GITHUB,
          secrets,
          or.header(),
          or.algorithm(),
          or.encoding(),
          or.prefix(),
          or.timestampHeader(),
          or.template(),
          or.toleranceSeconds(),
          true,
          or.signatureField(),
          or.timestampField(),
          or.timestampUnit(),
          or.secretEncoding());
    }

    @Override
    List<Header> sign(Secret secret, Message message) {
      return List.of(
          new Header("X-Hub-Signature", "sha1=" + hex(hmac("SHA1", secret, "", message.body()))));
    }
  },
  SHOPIFY(Scheme.SHOPIFY, false) {
    @Override
    List<Header> sign(Secret secret, Message message) {
      return List.of(
          new Header("X-Shopify-Hmac-Sha256", base64(hmac("SHA256", secret, "", message.body()))));
    }
  },
  SLACK(Scheme.SLACK, true) {
    @Override
    List<Header> sign(Secret secret, Message message) {
      String text = "v0:" + message.seconds() + ":";
      return List.of(
          new Header("X-Slack-Request-Timestamp", message.seconds()),
          new Header(
              "X-Slack-Signature", "v0=" + hex(hmac("SHA256", secret, text, message.body()))));
    }
  },
  TWILIO_JSON(Scheme.TWILIO, false) {
    @Override
    List<Header> sign(Secret secret, Message message) {
      return List.of(
          new Header("Content-Type", "application/json"),
          new Header(
              "X-Twilio-Signature", base64(hmac("SHA1", secret, url(message), new byte[0]))));
    }

    @Override
    String url(Message message) {
      return message.url() + "?foo=1&bodySHA256=" + hex(sha256(message.body()));
    }
  },
  GITLAB_TOKEN(Scheme.GITLAB_TOKEN, false) {
    @Override
    List<Header> sign(Secret secret, Message message) {
      String octets = new String(secret.value().getBytes(UTF_8), ISO_8859_1);
      return List.of(new Header("X-Gitlab-Token", octets));
    }

    @Override
    boolean signsBody() {
      return false;
    }
  },
  BITBUCKET(generic("X-Hub-Signature").prefix("sha256=")) {
    @Override
    List<Header> sign(Secret secret, Message message) {
      return List.of(
          new Header(
              "X-Hub-Signature", "sha256=" + hex(hmac("SHA256", secret, "", message.body()))));
    }
  },
  TYPEFORM(generic("Typeform-Signature").prefix("sha256=").encoding(Encoding.BASE64)) {
    @Override
    List<Header> sign(Secret secret, Message message) {
      return List.of(
          new Header(
              "Typeform-Signature",
              "sha256=" + base64(hmac("SHA256", secret, "", message.body()))));
    }
  },
  LINEAR(generic("Linear-Signature")) {
    @Override
    List<Header> sign(Secret secret, Message message) {
      return List.of(
          new Header("Linear-Signature", hex(hmac("SHA256", secret, "", message.body()))));
    }
  },
  ZOOM(
      generic("x-zm-signature")
          .prefix("v0=")
          .timestampHeader("x-zm-request-timestamp")
          .template("v0:{timestamp}:{body}")) {
    @Override
    List<Header> sign(Secret secret, Message message) {
      String text = "v0:" + message.seconds() + ":";
      return List.of(
          new Header("x-zm-request-timestamp", message.seconds()),
          new Header("x-zm-signature", "v0=" + hex(hmac("SHA256", secret, text, message.body()))));
    }
  },
  PADDLE(
      generic("Paddle-Signature")
          .signatureField("h1")
          .timestampField("ts")
          .template("{timestamp}:{body}")) {
    @Override
    List<Header> sign(Secret secret, Message message) {
      String hex = hex(hmac("SHA256", secret, message.seconds() + ":", message.body()));
      return List.of(new Header("Paddle-Signature", "ts=" + message.seconds() + ";h1=" + hex));
    }
  },
  CALENDLY(
      generic("Calendly-Webhook-Signature")
          .signatureField("v1")
          .timestampField("t")
          .template("{timestamp}.{body}")) {
    @Override
    List<Header> sign(Secret secret, Message message) {
      String hex = hex(hmac("SHA256", secret, message.seconds() + ".", message.body()));
      return List.of(
          new Header("Calendly-Webhook-Signature", "t=" + message.seconds() + ",v1=" + hex));
    }
  },
  SQUARE(
      generic("x-square-hmacsha256-signature").encoding(Encoding.BASE64).template("{url}{body}")) {
    @Override
    List<Header> sign(Secret secret, Message message) {
      return List.of(
          new Header(
              "x-square-hmacsha256-signature",
              base64(hmac("SHA256", secret, message.url(), message.body()))));
    }
  },
  HUBSPOT(
      generic("X-HubSpot-Signature-v3")
          .encoding(Encoding.BASE64)
          .timestampHeader("X-HubSpot-Request-Timestamp")
          .timestampUnit(TimestampUnit.MILLIS)
          .template("{method}{url}{body}{timestamp}")) {
    @Override
    List<Header> sign(Secret secret, Message message) {
      String millis = Long.toString(message.nowMillis());
      byte[] body = concat(message.body(), millis.getBytes(UTF_8));
      return List.of(
          new Header("X-HubSpot-Request-Timestamp", millis),
          new Header(
              "X-HubSpot-Signature-v3",
              base64(hmac("SHA256", secret, message.method() + message.url(), body))));
    }
  },
  INTERCOM(generic("X-Hub-Signature").prefix("sha1=").algorithm(Algorithm.SHA1)) {
    @Override
    List<Header> sign(Secret secret, Message message) {
      return List.of(
          new Header("X-Hub-Signature", "sha1=" + hex(hmac("SHA1", secret, "", message.body()))));
    }
  },
  PAYSTACK(generic("x-paystack-signature").algorithm(Algorithm.SHA512)) {
    @Override
    List<Header> sign(Secret secret, Message message) {
      return List.of(
          new Header("x-paystack-signature", hex(hmac("SHA512", secret, "", message.body()))));
    }
  },
  TEAMS(
      generic("Authorization")
          .prefix("HMAC ")
          .encoding(Encoding.BASE64)
          .secretEncoding(SecretEncoding.BASE64)) {
    @Override
    Secret secret(int number) {
      return new Secret(base64(keyBytes(number)));
    }

    @Override
    List<Header> sign(Secret secret, Message message) {
      byte[] key = Base64.getDecoder().decode(secret.value());
      return List.of(
          new Header("Authorization", "HMAC " + base64(hmac("SHA256", key, "", message.body()))));
    }
  },
  TWITCH(
      generic("Twitch-Eventsub-Message-Signature")
          .prefix("sha256=")
          .template(
              "{header:Twitch-Eventsub-Message-Id}{header:Twitch-Eventsub-Message-Timestamp}"
                  + "{body}")) {
    @Override
    List<Header> sign(Secret secret, Message message) {
      String time = "2026-11-23T10:00:00.000Z";
      byte[] code = hmac("SHA256", secret, message.id() + time, message.body());
      return List.of(
          new Header("Twitch-Eventsub-Message-Id", message.id()),
          new Header("Twitch-Eventsub-Message-Timestamp", time),
          new Header("Twitch-Eventsub-Message-Signature", "sha256=" + hex(code)));
    }
  },
  DISCORD(
      generic("X-Signature-Ed25519")
          .algorithm(Algorithm.ED25519)
          .secretEncoding(SecretEncoding.HEX)
          .timestampHeader("X-Signature-Timestamp")
          .template("{timestamp}{body}")) {
    @Override
    Secret secret(int number) {
      return new Secret(PUBLIC_KEYS.get(number));
    }

    @Override
    List<Header> sign(Secret secret, Message message) {
      return List.of(
          new Header("X-Signature-Timestamp", message.seconds()),
          new Header(
              "X-Signature-Ed25519", hex(ed25519(secret, message.seconds(), message.body()))));
    }
  };

  /** What a provider sends. */
  record Message(long nowMillis, String id, Body content, String method, String url) {
    byte[] body() {
      return content.unsafeBytes();
    }

    String seconds() {
      return Long.toString(nowMillis / 1000);
    }
  }

  /** The first two test keys of RFC 8032 §7.1. */
  private static final List<String> SEEDS =
      List.of(
          "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
          "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");

  static final List<String> PUBLIC_KEYS =
      List.of(
          "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
          "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");

  private final SignatureSettings settings;
  private final boolean timed;

  Provider(Scheme scheme, boolean timed) {
    this.settings = SignatureSettings.of(scheme, List.of());
    this.timed = timed;
  }

  Provider(Generic generic) {
    this.settings = generic.settings();
    this.timed = !settings.timestampHeader().isEmpty() || !settings.timestampField().isEmpty();
  }

  abstract List<Header> sign(Secret secret, Message message);

  /** One of two secrets, 0 or 1. */
  Secret secret(int number) {
    return new Secret("sécret " + number);
  }

  /** The URL as the provider calls it. */
  String url(Message message) {
    return message.url();
  }

  /** Whether changing the body breaks the signature. */
  boolean signsBody() {
    return true;
  }

  /** Whether the signature carries a timestamp. */
  boolean isTimed() {
    return timed;
  }

  SignatureSettings settings(List<Secret> secrets) {
    return new SignatureSettings(
        settings.scheme(),
        secrets,
        settings.header(),
        settings.algorithm(),
        settings.encoding(),
        settings.prefix(),
        settings.timestampHeader(),
        settings.template(),
        settings.toleranceSeconds(),
        settings.allowSha1(),
        settings.signatureField(),
        settings.timestampField(),
        settings.timestampUnit(),
        settings.secretEncoding());
  }

  static List<Header> standardWebhooks(String family, Secret secret, Message message) {
    byte[] key = Base64.getDecoder().decode(secret.value().replace("whsec_", ""));
    String text = message.id() + "." + message.seconds() + ".";
    return List.of(
        new Header(family + "id", message.id()),
        new Header(family + "timestamp", message.seconds()),
        new Header(
            family + "signature", "v1," + base64(hmac("SHA256", key, text, message.body()))));
  }

  static byte[] hmac(String hash, Secret secret, String text, byte[] body) {
    return hmac(hash, secret.value().getBytes(UTF_8), text, body);
  }

  static byte[] hmac(String hash, byte[] key, String text, byte[] body) {
    try {
      Mac mac = Mac.getInstance("Hmac" + hash);
      mac.init(new SecretKeySpec(key, "Hmac" + hash));
      return mac.doFinal(concat(text.getBytes(UTF_8), body));
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** Signs with the seed of the public key that the secret holds. */
  static byte[] ed25519(Secret publicKey, String text, byte[] body) {
    String value = publicKey.value();
    String hex =
        value.startsWith("whpk_") ? hex(Base64.getDecoder().decode(value.substring(5))) : value;
    byte[] seed = HexFormat.of().parseHex(SEEDS.get(PUBLIC_KEYS.indexOf(hex)));
    try {
      Signature signer = Signature.getInstance("Ed25519");
      signer.initSign(
          KeyFactory.getInstance("Ed25519")
              .generatePrivate(new EdECPrivateKeySpec(NamedParameterSpec.ED25519, seed)));
      signer.update(concat(text.getBytes(UTF_8), body));
      return signer.sign();
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  static byte[] keyBytes(int number) {
    return ("thirty-two bytes of a secret, n" + number).getBytes(UTF_8);
  }

  static byte[] concat(byte[] head, byte[] tail) {
    var out = new ByteArrayOutputStream();
    out.writeBytes(head);
    out.writeBytes(tail);
    return out.toByteArray();
  }

  static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  private static Generic generic(String header) {
    return new Generic(header);
  }

  /** Says the few settings of the generic scheme in which a provider differs from the defaults. */
  private static final class Generic {
    private final String header;
    private Algorithm algorithm = Algorithm.SHA256;
    private Encoding encoding = Encoding.HEX;
    private String prefix = "";
    private String timestampHeader = "";
    private String template = "{body}";
    private String signatureField = "";
    private String timestampField = "";
    private TimestampUnit timestampUnit = TimestampUnit.SECONDS;
    private SecretEncoding secretEncoding = SecretEncoding.TEXT;

    private Generic(String header) {
      this.header = header;
    }

    Generic algorithm(Algorithm value) {
      algorithm = value;
      return this;
    }

    Generic encoding(Encoding value) {
      encoding = value;
      return this;
    }

    Generic prefix(String value) {
      prefix = value;
      return this;
    }

    Generic timestampHeader(String value) {
      timestampHeader = value;
      return this;
    }

    Generic template(String value) {
      template = value;
      return this;
    }

    Generic signatureField(String value) {
      signatureField = value;
      return this;
    }

    Generic timestampField(String value) {
      timestampField = value;
      return this;
    }

    Generic timestampUnit(TimestampUnit value) {
      timestampUnit = value;
      return this;
    }

    Generic secretEncoding(SecretEncoding value) {
      secretEncoding = value;
      return this;
    }

    SignatureSettings settings() {
      return new SignatureSettings(
          Scheme.HMAC,
          List.of(),
          header,
          algorithm,
          encoding,
          prefix,
          timestampHeader,
          template,
          300,
          false,
          signatureField,
          timestampField,
          timestampUnit,
          secretEncoding);
    }
  }
}
