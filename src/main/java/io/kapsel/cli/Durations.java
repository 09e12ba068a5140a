package io.kapsel.cli;

import io.kapsel.config.Quantity;
import java.time.Duration;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Durations as in the settings: {@code 500ms}, {@code 2s}. */
final class Durations implements ITypeConverter<Duration> {
  @Override
  public Duration convert(String text) {
    return Quantity.duration(text, 1_000_000)
        .map(Duration::ofMillis)
        .orElseThrow(
            () -> new TypeConversionException("needs a unit: 500ms, 2s, 1m, not '" + text + "'"));
  }
}
