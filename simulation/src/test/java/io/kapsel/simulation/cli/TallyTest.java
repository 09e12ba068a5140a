package io.kapsel.simulation.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.kapsel.simulation.report.SampleRun;
import java.util.List;
import org.junit.jupiter.api.Test;

class TallyTest {
  @Test
  void sums_up_in_a_few_lines() {
    Tally tally = new Tally();
    tally.add(Summary.of(SampleRun.busy(7, 3, false), true, List.of()));
    tally.repeated(7, true, true);
    assertEquals(
        List.of(
            "1 seed in 2.0 s, one JVM: 0.5 a second",
            "  1 m 14 s of virtual time, 81,234 steps, 5 faults",
            "  for each second of a processor: 101 virtual seconds, 111,279 steps",
            "  determinism: 1 seed was played again, 1 of them in another JVM: all identical",
            "  rare situations: 1 of 2 met; not yet: hand-over with a probe in flight",
            "CLEAN"),
        tally.lines(2, 1));
    assertEquals(Exit.CLEAN, tally.exit());
  }

  @Test
  void names_what_failed_and_by_which_seeds() {
    Tally tally = new Tally();
    for (int seed = 1; seed <= 11; seed++)
      tally.add(Summary.of(SampleRun.busy(seed, 3, true), true, List.of()));
    tally.add(Summary.crashed(99, "gone"));
    tally.repeated(4, false, false);
    assertEquals(
        "FAILED: CRASH by seed 99; S1 by seeds 1, 2, 3, 4, 5, 6, 7, 8 and 3 more; not repeatable: seed 4",
        tally.lines(1, 2).getLast());
    assertEquals(Exit.NON_DETERMINISM, tally.exit());
    assertEquals(12, tally.failed());
  }

  @Test
  void lists_the_rarest_first() {
    Tally tally = new Tally();
    for (int i = 0; i < 1_200; i++) tally.add(Summary.of(SampleRun.lost(), true, List.of()));
    assertEquals(
        List.of(
            "       never  hand-over with a probe in flight",
            "       1,200  crash with a write in flight"),
        tally.coverageLines());
  }
}
