package io.kapsel.deliver;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.kapsel.core.endpoint.DestinationTls;
import io.kapsel.core.webhook.Secret;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** An authority, what it has issued, and a stranger that it has not; made by the JDK's keytool. */
final class ClientCertificates {
  private static final String PASSWORD = "not a secret";

  private final Path file;
  private final KeyStore store;

  ClientCertificates(Path directory)
      throws IOException, InterruptedException, GeneralSecurityException {
    file = directory.resolve("all.p12");
    make("ca", "EC", "-ext", "bc:critical=ca:true");
    make("server", "EC", "-signer", "ca", "-ext", "san=dns:hook.example.test,ip:127.0.0.1");
    make("client-ec", "EC", "-signer", "ca");
    make("client-rsa", "RSA", "-signer", "ca");
    make("client-ed", "Ed25519", "-signer", "ca");
    make("stranger", "EC");
    store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      store.load(in, PASSWORD.toCharArray());
    }
  }

  private void make(String alias, String algorithm, String... more)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                alias,
                "-keyalg",
                algorithm,
                "-dname",
                "CN=" + alias,
                "-storetype",
                "PKCS12",
                "-keystore",
                file.toString(),
                "-storepass",
                PASSWORD));
    command.addAll(List.of(more));
    Process keytool = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(keytool.getInputStream().readAllBytes(), UTF_8);
    if (!keytool.waitFor(60, TimeUnit.SECONDS) || keytool.exitValue() != 0)
      throw new IOException(said);
  }

  String chain(String alias) throws GeneralSecurityException {
    StringBuilder pem = new StringBuilder();
    for (Certificate certificate : store.getCertificateChain(alias))
      pem.append(pem("CERTIFICATE", certificate.getEncoded()));
    return pem.toString();
  }

  String certificate(String alias) throws GeneralSecurityException {
    return pem("CERTIFICATE", store.getCertificate(alias).getEncoded());
  }

  String key(String alias) throws GeneralSecurityException {
    return pem("PRIVATE KEY", store.getKey(alias, PASSWORD.toCharArray()).getEncoded());
  }

  static String pem(String label, byte[] bytes) {
    return "-----BEGIN "
        + label
        + "-----\n"
        + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes)
        + "\n-----END "
        + label
        + "-----\n";
  }

  /** Shows this certificate and trusts the authority. */
  DestinationTls shown(String alias) throws GeneralSecurityException {
    return new DestinationTls(chain(alias), new Secret(key(alias)), certificate("ca"));
  }

  /** Of a server that believes only whom the authority has issued. */
  SSLContext server() throws GeneralSecurityException, IOException {
    KeyStore own = KeyStore.getInstance("PKCS12");
    own.load(null, null);
    own.setKeyEntry(
        "server",
        store.getKey("server", PASSWORD.toCharArray()),
        PASSWORD.toCharArray(),
        store.getCertificateChain("server"));
    var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(own, PASSWORD.toCharArray());
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("ca", store.getCertificate("ca"));
    var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }
}
