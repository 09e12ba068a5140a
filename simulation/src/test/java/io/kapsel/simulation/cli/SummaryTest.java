package io.kapsel.simulation.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.kapsel.simulation.report.SampleRun;
import java.util.List;
import org.junit.jupiter.api.Test;

class SummaryTest {
  @Test
  void arrives_as_it_was_sent() {
    Summary sent = Summary.of(SampleRun.busy(7, 3, true), false, List.of("S1 BROKEN: …", ""));
    assertEquals(sent, Summary.parse(sent.line()));
    assertEquals(1, sent.line().lines().count());
  }

  @Test
  void the_exit_code_is_that_of_what_makes_the_rest_doubtful() {
    assertEquals(Exit.SAFETY, Summary.of(SampleRun.lost(), true, List.of()).exit());
    assertEquals(Exit.CRASH, Summary.crashed(1, "gone").exit());
    assertEquals(Exit.CRASH, Exit.worse(Exit.SAFETY, Exit.CRASH));
    assertEquals(Exit.NON_DETERMINISM, Exit.worse(Exit.NON_DETERMINISM, Exit.CRASH));
    assertEquals(Exit.SAFETY, Exit.worse(Exit.LIVENESS, Exit.SAFETY));
    assertEquals(Exit.LIVENESS, Exit.worse(Exit.WEAK_TESTER, Exit.LIVENESS));
    assertEquals(Exit.WEAK_TESTER, Exit.worse(Exit.CLEAN, Exit.WEAK_TESTER));
  }
}
