package io.kapsel.simulation.network;

/** A node's end of the network. */
public interface Wire {
  void receive(int stream, byte[] frame);
}
