package io.kapsel.simulation.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClockTest {
  @ParameterizedTest
  @CsvSource({
    "0, 0 µs",
    "999999, 999 µs",
    "3400000, 3.4 ms",
    "450000000, 450 ms",
    "1500000000, 1.5 s",
    "59400000000, 59 s",
    "1200000000000, 20 m",
    "124000000000, 2 m 04 s",
    "3600000000000, 1 h",
    "5400000000000, 1 h 30 m",
    "7200000000000000, '2,000 h'"
  })
  void spans_show_what_matters(long nanos, String shown) {
    assertEquals(shown, Clock.span(nanos));
  }

  @ParameterizedTest
  @CsvSource({"37308777123, 37.308777 s", "124100000000, 2 m 04.100000 s", "0, 0.000000 s"})
  void times_are_exact_to_the_microsecond(long nanos, String shown) {
    assertEquals(shown, Clock.at(nanos));
  }
}
