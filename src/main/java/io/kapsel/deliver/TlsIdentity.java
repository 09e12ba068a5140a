package io.kapsel.deliver;

import io.kapsel.core.endpoint.DestinationTls;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * Who we are to a destination, and whom we believe. Compared by identity: connections are shared by
 * those that share one, and by nobody else.
 */
public final class TlsIdentity {
  /** The parts of a {@link DestinationTls}. */
  public enum Part {
    CERTIFICATE,
    KEY,
    AUTHORITIES
  }

  /** Resumed sessions; an identity speaks with few servers. */
  private static final int SESSIONS_MAX = 64;

  /** A key store wants one; this one never leaves memory. */
  private static final char[] PASSWORD = "in memory".toCharArray();

  private final SSLContext context;

  TlsIdentity(SSLContext context) {
    this.context = context;
  }

  SSLContext context() {
    return context;
  }

  /** All that is wrong, by part, in sentences that repeat nothing. */
  public static Map<Part, String> problems(DestinationTls tls) {
    Map<Part, String> problems = new EnumMap<>(Part.class);
    boolean key = !tls.privateKey().value().isEmpty();
    if (key && !tls.showsCertificate()) problems.put(Part.CERTIFICATE, "Is missing for the key.");
    if (tls.showsCertificate()) {
      try {
        List<X509Certificate> chain = Pem.certificates(tls.certificateChain());
        if (key) keyOf(tls, chain, problems);
        else problems.put(Part.KEY, "Is missing for the certificate.");
        Pem.requireChain(chain);
      } catch (Pem.Unusable unusable) {
        problems.put(Part.CERTIFICATE, unusable.sentence());
      }
    }
    if (!tls.authorities().isEmpty()) {
      try {
        Pem.certificates(tls.authorities());
      } catch (Pem.Unusable unusable) {
        problems.put(Part.AUTHORITIES, unusable.sentence());
      }
    }
    return problems;
  }

  private static void keyOf(
      DestinationTls tls, List<X509Certificate> chain, Map<Part, String> problems) {
    try {
      Pem.privateKey(tls.privateKey().value(), chain.getFirst().getPublicKey());
    } catch (Pem.Unusable unusable) {
      problems.put(Part.KEY, unusable.sentence());
    }
  }

  /**
   * @throws GeneralSecurityException when it has {@link #problems}
   */
  static TlsIdentity of(DestinationTls tls) throws GeneralSecurityException {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys(tls), trust(tls), null);
      context.getClientSessionContext().setSessionCacheSize(SESSIONS_MAX);
      return new TlsIdentity(context);
    } catch (Pem.Unusable | IOException unusable) {
      throw new GeneralSecurityException(unusable);
    }
  }

  private static KeyManager @Nullable [] keys(DestinationTls tls)
      throws GeneralSecurityException, IOException, Pem.Unusable {
    if (!tls.showsCertificate()) return null;
    List<X509Certificate> chain = Pem.certificates(tls.certificateChain());
    KeyStore store = empty();
    store.setKeyEntry(
        "client",
        Pem.privateKey(tls.privateKey().value(), chain.getFirst().getPublicKey()),
        PASSWORD,
        chain.toArray(X509Certificate[]::new));
    var factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(store, PASSWORD);
    return factory.getKeyManagers();
  }

  /** Null is what the machine trusts. */
  private static TrustManager @Nullable [] trust(DestinationTls tls)
      throws GeneralSecurityException, IOException, Pem.Unusable {
    if (tls.authorities().isEmpty()) return null;
    KeyStore store = empty();
    int number = 0;
    for (X509Certificate authority : Pem.certificates(tls.authorities()))
      store.setCertificateEntry("authority-" + number++, authority);
    var factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    return factory.getTrustManagers();
  }

  private static KeyStore empty() throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }
}
