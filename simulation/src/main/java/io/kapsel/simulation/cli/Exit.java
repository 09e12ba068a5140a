package io.kapsel.simulation.cli;

import io.kapsel.simulation.scenario.Violation;

/** Exit codes. What a command line got wrong is never mistaken for what a run found. */
final class Exit {
  static final int CLEAN = 0;
  static final int SAFETY = 2;
  static final int LIVENESS = 3;
  static final int CRASH = 4;
  static final int NON_DETERMINISM = 5;

  /** A rare situation was never met, or a planted bug was not found. */
  static final int WEAK_TESTER = 6;

  /** EX_USAGE of sysexits.h. */
  static final int USAGE = 64;

  /** EX_SOFTWARE of sysexits.h: the tool itself failed. */
  static final int SOFTWARE = 70;

  private Exit() {}

  static int of(Violation.Severity severity) {
    return switch (severity) {
      case SAFETY -> SAFETY;
      case LIVENESS -> LIVENESS;
      case CRASH -> CRASH;
    };
  }

  /**
   * Of two findings the one that makes the other doubtful: a run that does not repeat says nothing,
   * a run that broke says little.
   */
  static int worse(int a, int b) {
    return rank(a) >= rank(b) ? a : b;
  }

  private static int rank(int code) {
    return switch (code) {
      case NON_DETERMINISM -> 5;
      case CRASH -> 4;
      case SAFETY -> 3;
      case LIVENESS -> 2;
      case WEAK_TESTER -> 1;
      default -> 0;
    };
  }
}
