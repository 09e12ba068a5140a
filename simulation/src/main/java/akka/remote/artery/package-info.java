/**
 * Fills Artery's package-private plug points; see {@link akka.remote.artery.PipedArteryTransport}.
 */
package akka.remote.artery;
