package io.kapsel.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class LatenciesTest {
  private static final long MILLI = 1_000_000;
  private static final long SECOND = 1_000 * MILLI;
  private static final double DIGITS = 1e-3;

  private final Latencies latencies = new Latencies(10 * SECOND, 13 * SECOND);

  @Test
  void a_latency_counts_from_when_the_request_was_meant_to_start() {
    latencies.record(10 * SECOND, 10 * SECOND + 250 * MILLI);
    assertEquals(250, latencies.summary().maxMillis(), 250 * DIGITS);
  }

  @Test
  void a_stall_shows_in_every_request_that_was_due_meanwhile() {
    // 1,000 requests per second; the service answers nothing for a second, then all at once.
    for (int i = 0; i < 1_000; i++) latencies.record(10 * SECOND + i * MILLI, 11 * SECOND);
    var summary = latencies.summary();
    assertEquals(500, summary.p50Millis(), 2);
    assertEquals(990, summary.p99Millis(), 2);
  }

  @Test
  void what_belongs_to_the_warm_up_does_not_count_however_late_it_ends() {
    latencies.record(9 * SECOND, 11 * SECOND);
    assertEquals(0, latencies.summary().answers());
  }

  @Test
  void what_was_meant_to_start_in_the_span_counts_however_late_it_ends() {
    latencies.record(13 * SECOND - 1, 20 * SECOND);
    latencies.record(13 * SECOND, 20 * SECOND);
    assertEquals(1, latencies.summary().answers());
  }

  @Test
  void throughput_is_over_the_span_and_not_over_the_answers() {
    for (int i = 0; i < 30; i++) latencies.record(10 * SECOND, 10 * SECOND + i);
    assertEquals(10, latencies.summary().perSecond(), 1e-9);
  }

  @Test
  void what_came_too_late_is_no_throughput() {
    latencies.record(12 * SECOND, 13 * SECOND - 1);
    latencies.record(12 * SECOND, 13 * SECOND);
    assertEquals(2, latencies.summary().answers());
    assertEquals(1.0 / 3, latencies.summary().perSecond(), 1e-9);
  }

  private List<Long> answers(long nowNanos) {
    return latencies.seconds(nowNanos).stream().map(Latencies.Second::answers).toList();
  }

  @Test
  void seconds_without_an_answer_are_shown() {
    latencies.record(10 * SECOND, 10 * SECOND + MILLI);
    latencies.record(10 * SECOND, 12 * SECOND + MILLI);
    latencies.record(12 * SECOND, 12 * SECOND + 3 * MILLI);
    assertEquals(List.of(1L, 0L, 2L), answers(13 * SECOND));
    assertEquals(List.of(1L, 0L, 2L), answers(13 * SECOND), "asking does not change the answer");
  }

  @Test
  void seconds_that_were_silent_to_the_end_are_shown() {
    assertEquals(List.of(0L, 0L, 0L), answers(20 * SECOND));
  }

  @Test
  void what_came_too_late_is_in_no_second() {
    latencies.record(10 * SECOND, 13 * SECOND - 1);
    latencies.record(12 * SECOND, 13 * SECOND);
    latencies.record(12 * SECOND, 15 * SECOND + MILLI);
    assertEquals(List.of(0L, 0L, 1L), answers(20 * SECOND));
  }

  @Test
  void only_whole_seconds_that_have_passed_are_shown() {
    latencies.record(10 * SECOND, 10 * SECOND + MILLI);
    latencies.record(10 * SECOND, 11 * SECOND + MILLI);
    assertEquals(List.of(1L), answers(12 * SECOND - 1));
    var shorter = new Latencies(10 * SECOND, 11 * SECOND + MILLI);
    shorter.record(11 * SECOND, 11 * SECOND + MILLI - 1);
    assertEquals(1, shorter.seconds(20 * SECOND).size());
  }
}
