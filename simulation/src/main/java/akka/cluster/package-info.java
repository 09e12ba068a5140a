/** Reaches Akka's package-private cluster provider. */
package akka.cluster;
