package io.kapsel.deliver;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;

/** The name service. May block for as long as the operating system lets it. */
public interface NameResolver {
  /** At least one address, or the exception. */
  List<InetAddress> resolve(String host) throws UnknownHostException;

  /** The machine's own, with the JVM's cache in between ({@code networkaddress.cache.ttl}). */
  static NameResolver system() {
    return host -> List.of(InetAddress.getAllByName(host));
  }
}
