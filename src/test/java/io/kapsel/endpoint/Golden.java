package io.kapsel.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;

/**
 * What a version has written once, as hex digits in a file below {@code golden}.
 *
 * @param file without its ending
 */
record Golden<T>(String file, T subject) {
  byte[] bytes() throws IOException {
    try (InputStream in = Golden.class.getResourceAsStream("/golden/" + file + ".hex")) {
      String hex =
          new String(Objects.requireNonNull(in, file).readAllBytes(), StandardCharsets.US_ASCII);
      return HexFormat.of().parseHex(hex.strip());
    }
  }

  interface Reader<T> {
    Object read(Golden<T> golden, byte[] bytes);
  }

  static <T> Stream<DynamicTest> areRead(Stream<Golden<T>> goldens, Reader<T> reader) {
    return goldens.map(
        golden ->
            DynamicTest.dynamicTest(
                golden.file(),
                () -> assertEquals(golden.subject(), reader.read(golden, golden.bytes()))));
  }

  static <T> Stream<DynamicTest> areWritten(Stream<Golden<T>> goldens, Function<T, byte[]> writer) {
    return goldens.map(
        golden ->
            DynamicTest.dynamicTest(
                golden.file(),
                () ->
                    assertEquals(
                        HexFormat.of().formatHex(golden.bytes()),
                        HexFormat.of().formatHex(writer.apply(golden.subject())))));
  }
}
