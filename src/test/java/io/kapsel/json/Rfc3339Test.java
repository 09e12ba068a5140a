package io.kapsel.json;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Instant;
import java.util.OptionalLong;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Rfc3339Test {
  @Property
  void what_is_written_reads_back(@ForAll @LongRange(min = 0, max = 253402300799999L) long millis) {
    String text = Rfc3339.format(millis);
    assertEquals(24, text.length());
    assertEquals(Instant.ofEpochMilli(millis), Instant.parse(text));
    assertEquals(OptionalLong.of(millis), Rfc3339.parse(text));
  }

  @ParameterizedTest
  @CsvSource({
    "2026-11-23T21:08:00Z, 1795468080000",
    "2026-11-23T22:08:00.5+01:00, 1795468080500",
    "2026-11-23T21:08:00, -1",
    "2026-11-23, -1",
    "2026-02-30T00:00:00Z, -1",
    "1795468080000, -1",
    "'', -1",
    "+999999999-12-31T23:59:59Z, -1"
  })
  void only_times_with_an_offset_are_read(String text, long expected) {
    assertEquals(
        expected < 0 ? OptionalLong.empty() : OptionalLong.of(expected), Rfc3339.parse(text));
  }

  @Property
  void no_text_breaks_the_reader(@ForAll String text) {
    Rfc3339.parse(text);
  }
}
