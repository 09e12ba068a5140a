package io.kapsel.bench;

import java.net.InetSocketAddress;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A Kapsel that is measured: one that the bench has started, or one that runs somewhere. */
sealed interface Service extends AutoCloseable permits ServerProcess, Service.Remote {
  /** Host and port. */
  String authority();

  String apiKey();

  /** What its processes use; null when they cannot be seen. */
  @Nullable ProcessUse use();

  /** Its database; null when it is not known. */
  @Nullable DatabaseProbe database();

  /** Settings that differ from the defaults, as far as the bench knows. */
  Map<String, String> settings();

  @Override
  void close();

  default InetSocketAddress address() {
    return address(authority());
  }

  static InetSocketAddress address(String authority) {
    int colon = authority.lastIndexOf(':');
    return new InetSocketAddress(
        authority.substring(0, colon), Integer.parseInt(authority.substring(colon + 1)));
  }

  /** One that was running before and goes on after. */
  record Remote(String authority, String apiKey) implements Service {
    @Override
    public @Nullable ProcessUse use() {
      return null;
    }

    @Override
    public @Nullable DatabaseProbe database() {
      return null;
    }

    @Override
    public Map<String, String> settings() {
      return Map.of("url", "http://" + authority);
    }

    @Override
    public void close() {}
  }
}
