package io.kapsel.simulation.service;

import io.kapsel.simulation.world.Node;

/** Where event-triggered faults listen to what no database request shows. */
public interface Triggers {
  Triggers NONE =
      new Triggers() {
        @Override
        public void attemptSent(Node node, String endpoint) {}

        @Override
        public void attemptProcessed(Node node, String endpoint) {}
      };

  void attemptSent(Node node, String endpoint);

  void attemptProcessed(Node node, String endpoint);
}
