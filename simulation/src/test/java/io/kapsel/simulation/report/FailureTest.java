package io.kapsel.simulation.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.simulation.scenario.Result;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class FailureTest {
  private static final String PICTURE = "simulation/target/simulate/seed-4711.html";

  @Test
  void says_everything_to_act_on_in_six_lines() {
    List<String> lines =
        Failure.lines(SampleRun.lost(), SampleRun.COMMIT, Optional.empty(), PICTURE);
    assertEquals(
        """
        S1 BROKEN: no acknowledged webhook is lost
          seed     4711, profile cluster, commit 1e5a889c02
          what     w12 was acknowledged and is neither delivered nor pending.
          because  the content of w12 is stored -> w12 is acknowledged -> n1.1 crashes
          again    ./kapsel simulate replay 4711 --profile cluster   or   ./kapsel simulate shrink 4711 --profile cluster
          picture  simulation/target/simulate/seed-4711.html

          the causal chain
                2.004000 s  the content of w12 is stored
                2.006777 s  w12 is acknowledged
                2.007000 s  n1.1 crashes

          the faults
                        #3  crash of n1 for 3.0 s, at journal write no. 1 on n1 after 500 ms
        """,
        String.join("\n", lines) + "\n");
  }

  @Test
  void names_the_file_when_the_seed_alone_does_not_say_it() {
    List<String> lines =
        Failure.lines(
            SampleRun.lost(), SampleRun.COMMIT, Optional.of("simulation/regressions/s1.json"), "p");
    assertEquals(
        "  again    ./kapsel simulate replay simulation/regressions/s1.json", lines.get(4));
  }

  @Test
  void keeps_a_long_chain_on_its_line() {
    Result result = SampleRun.busy(7, 40, true);
    String because = Failure.lines(result, "c", Optional.empty(), "p").get(3);
    assertTrue(because.length() <= 130, because);
    assertTrue(because.contains("->"), because);
  }

  @Test
  void the_life_of_a_webhook_shows_what_surrounded_it() {
    assertEquals(
        """
        w12 of seed 4711, profile cluster, at e1
              2.000000 s      +0 µs   the sender posts w12 to e1 through n1.1
              2.004000 s    +4.0 ms   the content of w12 is stored
              2.006777 s    +2.8 ms   w12 is acknowledged
              2.007000 s    +223 µs | fault #3: crash of n1
              2.007000 s      +0 µs | n1.1 crashes
              5.007000 s     +3.0 s | n1.2 starts
              5.007000 s      +0 µs | fault #3 is over: crash of n1
          broken: S1, w12 was acknowledged and is neither delivered nor pending.
        """,
        String.join("\n", Life.lines(SampleRun.lost(), "w12")) + "\n");
    assertEquals(List.of(), Life.lines(SampleRun.lost(), "w99"));
  }
}
