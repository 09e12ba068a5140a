package io.kapsel.core.webhook;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;

/** The published vectors under {@code resources/vectors}. */
final class Vectors {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Vectors() {}

  /** The cases of a file. A file without the stated number of cases is an error. */
  static List<JsonNode> cases(String file) {
    try (InputStream in =
        Objects.requireNonNull(Vectors.class.getResourceAsStream("/vectors/" + file), file)) {
      JsonNode document = JSON.readTree(in);
      List<JsonNode> cases = new ArrayList<>();
      document.path("cases").forEach(cases::add);
      if (cases.isEmpty() || cases.size() != document.path("count").asInt()) {
        throw new IllegalStateException(file + " has " + cases.size() + " cases");
      }
      return cases;
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  /** One test for each case of a file. */
  static Stream<DynamicTest> tests(String file, Consumer<JsonNode> test) {
    return cases(file).stream()
        .map(each -> DynamicTest.dynamicTest(each.path("id").asText(), () -> test.accept(each)));
  }

  static List<Header> headers(JsonNode vector) {
    List<Header> headers = new ArrayList<>();
    vector
        .path("headers")
        .forEach(line -> headers.add(new Header(line.path(0).asText(), line.path(1).asText())));
    return headers;
  }

  static List<Secret> secrets(JsonNode vector) {
    List<Secret> secrets = new ArrayList<>();
    vector.path("secrets").forEach(secret -> secrets.add(new Secret(secret.asText())));
    return secrets;
  }

  static byte[] body(JsonNode vector) {
    return Base64.getDecoder().decode(vector.path("body_b64").asText());
  }

  static byte[] hex(JsonNode vector, String name) {
    return HexFormat.of().parseHex(vector.path(name).asText());
  }
}
