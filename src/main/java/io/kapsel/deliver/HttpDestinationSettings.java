package io.kapsel.deliver;

import java.util.List;

/**
 * How this node speaks HTTP to destinations. Every figure is a maximum.
 *
 * @param allowPrivateDestinations whether every endpoint may reach loopback and private networks;
 *     for development only
 * @param allowedNetworks networks that may be reached although they are not public
 * @param requireHttps whether {@code http:} destinations are refused
 * @param connectTimeoutMillis for the TCP connection to one address, and as long again for TLS
 * @param idleTimeoutMillis without a single byte in either direction once the request is on its way
 * @param resolveTimeoutMillis for the answer of the name service
 * @param resolverThreads lookups at the same time; one name never takes more than one
 * @param resolverQueueMax names that may wait for a thread
 * @param addressCacheMillis how long an answer of the name service is used again
 * @param addressCacheMax names remembered
 * @param keepAliveMillis how long an unused connection waits for the next request; a destination's
 *     {@code Keep-Alive: timeout} shortens it
 * @param connectionLifetimeMillis how old a connection may become before it is replaced
 * @param idleConnectionsMax unused connections kept over all destinations
 * @param deliveriesMax attempts at the same time; a guard above the limit of the delivery pool
 * @param responseHeadBytesMax status line and header lines together
 * @param responseBodyBytesMax read before the connection is closed on an endless answer
 * @param responseExcerptBytesMax kept in the attempt's history
 * @param staleConnectionMillis how soon after a request on a kept connection its closing counts as
 *     the race with an idle server rather than as the server's answer
 * @param userAgent sent unless the endpoint configures another
 */
public record HttpDestinationSettings(
    boolean allowPrivateDestinations,
    List<Network> allowedNetworks,
    boolean requireHttps,
    int connectTimeoutMillis,
    int idleTimeoutMillis,
    int resolveTimeoutMillis,
    int resolverThreads,
    int resolverQueueMax,
    int addressCacheMillis,
    int addressCacheMax,
    int keepAliveMillis,
    int connectionLifetimeMillis,
    int idleConnectionsMax,
    int deliveriesMax,
    int responseHeadBytesMax,
    int responseBodyBytesMax,
    int responseExcerptBytesMax,
    int staleConnectionMillis,
    String userAgent) {

  public HttpDestinationSettings {
    allowedNetworks = List.copyOf(allowedNetworks);
  }

  /** The documented defaults for a release. */
  public static HttpDestinationSettings forVersion(String version) {
    return new HttpDestinationSettings(
        false,
        List.of(),
        false,
        5_000,
        30_000,
        5_000,
        16,
        1_024,
        10_000,
        10_000,
        15_000,
        120_000,
        1_024,
        2_000,
        32 * 1_024,
        64 * 1_024,
        1_024,
        1_000,
        "Kapsel/" + version);
  }
}
