package io.kapsel.simulation.cli;

import io.kapsel.config.Quantity;
import java.time.Duration;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Durations as in the settings: {@code 90s}, {@code 10m}, {@code 8h}. */
final class Spans implements ITypeConverter<Duration> {
  @Override
  public Duration convert(String text) {
    return Quantity.duration(text, 1_000_000)
        .map(Duration::ofMillis)
        .orElseThrow(
            () -> new TypeConversionException("needs a unit: 90s, 10m, 8h, not '" + text + "'"));
  }
}
