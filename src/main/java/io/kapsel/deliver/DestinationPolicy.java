package io.kapsel.deliver;

import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Rejection;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Where a webhook may be sent: public addresses, and private ones only where somebody allowed them.
 *
 * <p>The tables are the IANA special-purpose registries; the JDK's {@code isSiteLocalAddress} and
 * its like know a quarter of them. Denied ranges that are globally reachable by the registry
 * (AS112, AMT) are denied as a matter of policy. No message names an address.
 */
public final class DestinationPolicy {
  private static final List<Network> NOT_PUBLIC =
      networks(
          "0.0.0.0/8",
          "10.0.0.0/8",
          "100.64.0.0/10",
          "127.0.0.0/8",
          "169.254.0.0/16",
          "172.16.0.0/12",
          "192.0.0.0/24",
          "192.0.2.0/24",
          "192.31.196.0/24",
          "192.52.193.0/24",
          "192.88.99.0/24",
          "192.168.0.0/16",
          "192.175.48.0/24",
          "198.18.0.0/15",
          "198.51.100.0/24",
          "203.0.113.0/24",
          "224.0.0.0/4",
          "240.0.0.0/4",
          "::/96",
          "::ffff:0:0:0/96",
          "64:ff9b::/96",
          "64:ff9b:1::/48",
          "100::/64",
          "100:0:0:1::/64",
          "2001::/23",
          "2001:db8::/32",
          "2002::/16",
          "2620:4f:8000::/48",
          "3fff::/20",
          "5f00::/16",
          "fc00::/7",
          "fe80::/10",
          "fec0::/10",
          "ff00::/8");

  /** What has been handed out of IPv6; all else is denied. */
  private static final Network GLOBAL_UNICAST = Network.of("2000::/3");

  /** What "private destinations" opens up. Link-local stays closed: credentials live there. */
  private static final List<Network> PRIVATE =
      networks(
          "127.0.0.0/8",
          "10.0.0.0/8",
          "172.16.0.0/12",
          "192.168.0.0/16",
          "100.64.0.0/10",
          "::1/128",
          "fc00::/7");

  /** Services that hand out a machine's credentials; no setting opens them. */
  private static final List<Network> METADATA =
      networks(
          "169.254.169.254/32",
          "169.254.170.2/32",
          "169.254.170.23/32",
          "100.100.100.200/32",
          "192.0.0.192/32",
          "fd00:ec2::254/128",
          "fd20:ce::254/128");

  private static final Network NAT64 = Network.of("64:ff9b::/96");

  private static final List<String> METADATA_NAMES =
      List.of("metadata.google.internal", "metadata.goog", "instance-data.ec2.internal");

  private static final List<String> PRIVATE_SUFFIXES =
      List.of(
          "localhost", "local", "internal", "svc", "localdomain", "home.arpa", "lan", "intranet");

  private static final Pattern NUMBER = Pattern.compile("[0-9]+|0x[0-9a-f]*");

  private final boolean allowPrivateDestinations;
  private final boolean requireHttps;
  private final List<Network> allowedNetworks;

  public DestinationPolicy(
      boolean allowPrivateDestinations, boolean requireHttps, List<Network> allowedNetworks) {
    this.allowPrivateDestinations = allowPrivateDestinations;
    this.requireHttps = requireHttps;
    this.allowedNetworks = List.copyOf(allowedNetworks);
  }

  public static DestinationPolicy of(HttpDestinationSettings settings) {
    return new DestinationPolicy(
        settings.allowPrivateDestinations(), settings.requireHttps(), settings.allowedNetworks());
  }

  /**
   * Whether an endpoint may be created with this URL: {@code E1305} when it is not one, {@code
   * E1306} when it plainly points inwards. Names are not resolved; that is done, and judged by
   * {@link #isAllowed}, at every attempt.
   *
   * @param allowPrivate whether this endpoint may reach private addresses
   */
  public Optional<Rejection> checkUrl(String url, boolean allowPrivate) {
    Target.Parsed parsed = Target.parse(url);
    if (parsed.target().isEmpty()) {
      return Optional.of(Rejection.of(ErrorCode.INVALID_URL, parsed.problem()));
    }
    return check(parsed.target().get(), allowPrivate);
  }

  Optional<Rejection> check(Target target, boolean allowPrivate) {
    if (requireHttps && !target.secure()) {
      return Optional.of(Rejection.of(ErrorCode.INVALID_URL, "The URL must use https."));
    }
    if (isHostAllowed(target, allowPrivate)) return Optional.empty();
    boolean isPrivate = isHostAllowed(target, true);
    return Optional.of(
        Rejection.of(
            ErrorCode.URL_NOT_ALLOWED,
            isPrivate
                ? "The host of the URL is private, and private destinations are not allowed here."
                : "The host of the URL is not allowed."));
  }

  private boolean isHostAllowed(Target target, boolean allowPrivate) {
    String host = target.host();
    if (target.literal().isPresent()) {
      return isAllowed(target.literal().get(), allowPrivate);
    }
    if (endsInNumber(host) || METADATA_NAMES.contains(host)) {
      return false;
    }
    return allowPrivate || allowPrivateDestinations || !isPrivateName(host);
  }

  /** A single label is found through the search list of the machine, hence inside. */
  private static boolean isPrivateName(String host) {
    return host.indexOf('.') < 0
        || PRIVATE_SUFFIXES.stream().anyMatch(suffix -> host.endsWith("." + suffix));
  }

  /**
   * The test of the WHATWG URL standard for hosts that some resolver takes for an IPv4 address:
   * {@code 127.1}, {@code 2130706433}, {@code 0x7f.0.0.1}, {@code 0177.0.0.1}.
   */
  private static boolean endsInNumber(String host) {
    return NUMBER.matcher(host.substring(host.lastIndexOf('.') + 1)).matches();
  }

  /**
   * Whether a connection may be made to this address.
   *
   * @param allowPrivate whether this endpoint may reach private addresses
   */
  public boolean isAllowed(InetAddress address, boolean allowPrivate) {
    return isAllowed(address.getAddress(), allowPrivate);
  }

  private boolean isAllowed(byte[] raw, boolean allowPrivate) {
    byte[] address = unmapped(raw);
    if (isIn(METADATA, address)) {
      return false;
    }
    if (NAT64.contains(address)) {
      // Opened by an operator whose network is IPv6 only: it leads to the IPv4 address inside.
      return isIn(allowedNetworks, address)
          && isAllowed(Arrays.copyOfRange(address, 12, 16), allowPrivate);
    }
    if (isPublic(address) || isIn(allowedNetworks, address)) {
      return true;
    }
    return (allowPrivate || allowPrivateDestinations) && isIn(PRIVATE, address);
  }

  private static boolean isPublic(byte[] address) {
    return !isIn(NOT_PUBLIC, address) && (address.length == 4 || GLOBAL_UNICAST.contains(address));
  }

  /** IPv4-mapped IPv6 (::ffff:0:0/96) is the IPv4 address it holds. */
  private static byte[] unmapped(byte[] address) {
    if (address.length != 16 || address[10] != (byte) 0xff || address[11] != (byte) 0xff) {
      return address;
    }
    for (int i = 0; i < 10; i++) {
      if (address[i] != 0) {
        return address;
      }
    }
    return new byte[] {address[12], address[13], address[14], address[15]};
  }

  private static boolean isIn(List<Network> networks, byte[] address) {
    for (Network network : networks) {
      if (network.contains(address)) {
        return true;
      }
    }
    return false;
  }

  private static List<Network> networks(String... blocks) {
    return Stream.of(blocks).map(Network::of).toList();
  }
}
