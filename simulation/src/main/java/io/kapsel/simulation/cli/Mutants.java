package io.kapsel.simulation.cli;

import java.util.List;

/** The planted bugs, by name. */
final class Mutants {
  private Mutants() {}

  static List<String> names() {
    return io.kapsel.simulation.mutant.Mutants.names();
  }

  static boolean isKnown(String name) {
    return name.isEmpty() || names().contains(name);
  }
}
