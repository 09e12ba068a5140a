package io.kapsel.core.webhook;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpDateTest {
  /** 2026-01-01T00:00:00Z. */
  private static final long NOW_MILLIS = 1_767_225_600_000L;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "0",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 06 Nov 1994 08:49:37 gmt",
        "sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun,  6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49 GMT",
        "Sun, 06 Nov 1994 8:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:00 GMT",
        "Sun, 06 Nov 1994 08:49:60 GMT",
        "Sun, 06 Nov 1994 08:49:-1 GMT",
        "Mon, 06 Nov 1994 08:49:37 GMT",
        "06 Nov 1994 08:49:37 GMT",
        "Thu, 30 Feb 2023 00:00:00 GMT",
        "Wed, 29 Feb 2023 00:00:00 GMT",
        "Sat, 00 Jan 2000 00:00:00 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT",
        "Sunday, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Monday, 06-Nov-94 08:49:37 GMT",
        "sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov 06 08:49:37 1994 GMT",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov  6 08:49:37 94",
        "Mon Nov  6 08:49:37 1994",
        "Sun, ٠٦ Nov 1994 08:49:37 GMT",
        " Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "\"Sun, 06 Nov 1994 08:49:37 GMT\""
      })
  void anything_else_is_no_date(String text) {
    assertEquals(OptionalLong.empty(), HttpDate.parseEpochSeconds(text, NOW_MILLIS));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Tue, 29 Feb 2000 00:00:00 GMT    | 951782400",
        "Sat Dec 31 23:59:59 2016         | 1483228799",
        "Sat, 31 Dec 2016 23:59:60 GMT    | 1483228799",
        "Fri, 31 Dec 9999 23:59:59 GMT    | 253402300799",
        // Fifty years from now and no more, to the second.
        "Wednesday, 01-Jan-76 00:00:00 GMT | 3345062400",
        "Thursday, 01-Jan-76 00:00:01 GMT | 189302401",
        "Friday, 31-Dec-76 00:00:00 GMT   | 220838400",
        "Saturday, 01-Jan-77 00:00:00 GMT | 220924800",
        "Tuesday, 29-Feb-00 00:00:00 GMT  | 951782400"
      })
  void dates_are_exact(String text, long epochSeconds) {
    assertEquals(OptionalLong.of(epochSeconds), HttpDate.parseEpochSeconds(text, NOW_MILLIS));
  }

  /** At the end of a century the next one is near. */
  @Test
  void a_two_digit_year_means_the_nearest_future_or_the_past() {
    long december2099 = 4_101_000_000_000L;
    assertEquals(
        OptionalLong.of(4_260_211_200L),
        HttpDate.parseEpochSeconds("Thursday, 01-Jan-05 00:00:00 GMT", december2099));
  }

  @Nested
  class RetryAfterSeconds {
    @ParameterizedTest
    @ValueSource(
        strings = {"", " ", "1 2", "1,2", "1s", "0x1", "1e3", "٣", "1\u00a0", "--1", "\"1\""})
    void anything_else_is_ignored(String value) {
      assertEquals(OptionalLong.empty(), RetryAfter.millisFromNow(List.of(value), NOW_MILLIS));
    }

    @Test
    void a_repeated_header_is_ignored() {
      assertEquals(OptionalLong.empty(), RetryAfter.millisFromNow(List.of("1", "1"), NOW_MILLIS));
    }

    @Test
    void leading_zeros_are_digits() {
      assertEquals(OptionalLong.of(7_000), RetryAfter.millisFromNow(List.of("007"), NOW_MILLIS));
    }

    @Test
    void endless_waits_can_still_be_added_to_a_time() {
      long longest = Integer.MAX_VALUE * 1000L;
      assertEquals(
          OptionalLong.of(longest),
          RetryAfter.millisFromNow(List.of("9".repeat(10_000)), NOW_MILLIS));
      assertEquals(
          OptionalLong.of(longest),
          RetryAfter.millisFromNow(List.of("Fri, 31 Dec 9999 23:59:59 GMT"), NOW_MILLIS));
    }

    @Test
    void a_date_counts_from_now_to_the_millisecond() {
      assertEquals(
          OptionalLong.of(1),
          RetryAfter.millisFromNow(List.of("Thu, 01 Jan 2026 00:00:01 GMT"), NOW_MILLIS + 999));
    }
  }
}
