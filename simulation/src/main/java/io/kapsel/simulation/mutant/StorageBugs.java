package io.kapsel.simulation.mutant;

import java.util.Map;
import java.util.TreeMap;

/** Bugs that a plug-in of Akka's configuration brings. */
final class StorageBugs {
  private StorageBugs() {}

  static Mutant config(String path, Class<?> plugIn) {
    Map<String, String> config = new TreeMap<>();
    config.put(path, plugIn.getName());
    return new Mutant() {
      @Override
      public Map<String, String> config() {
        return config;
      }
    };
  }
}
