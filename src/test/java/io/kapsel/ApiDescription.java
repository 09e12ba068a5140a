package io.kapsel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import io.kapsel.json.StrictJson;
import io.swagger.v3.core.util.Yaml;
import io.swagger.v3.parser.OpenAPIV3Parser;
import io.swagger.v3.parser.core.models.ParseOptions;
import io.swagger.v3.parser.core.models.SwaggerParseResult;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/** docs/openapi.yaml, held against what the server really answers. */
final class ApiDescription {
  private static final List<String> METHODS =
      List.of("get", "post", "patch", "delete", "options", "put");
  private static final JsonSchemaFactory FACTORY =
      JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012);

  private final JsonNode document;
  private final Map<String, JsonSchema> schemas = new ConcurrentHashMap<>();

  /** Operations that were answered with the status of their success. */
  private final TreeSet<String> succeeded = new TreeSet<>();

  ApiDescription() {
    String yaml = text();
    var options = new ParseOptions();
    options.setResolve(true);
    SwaggerParseResult parsed = new OpenAPIV3Parser().readContents(yaml, null, options);
    assertEquals(List.of(), parsed.getMessages());
    try {
      document = Yaml.mapper().readTree(yaml);
    } catch (IOException malformed) {
      throw new UncheckedIOException(malformed);
    }
  }

  private static String text() {
    try (InputStream in = ApiDescription.class.getResourceAsStream("/openapi.yaml")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Such as {@code GET /v1/events/{}}, of every operation. */
  SortedSet<String> operations() {
    var operations = new TreeSet<String>();
    document
        .get("paths")
        .properties()
        .forEach(
            path -> {
              for (String method : METHODS) {
                if (path.getValue().has(method)) {
                  operations.add(anonymous(method.toUpperCase(Locale.ROOT), path.getKey()));
                }
              }
            });
    return operations;
  }

  static String anonymous(String method, String template) {
    return method + " " + template.replaceAll("\\{[^}]*}", "{}");
  }

  SortedSet<String> succeeded() {
    return succeeded;
  }

  /** The answer has a documented status and type, and its document fits the schema. */
  void check(String method, String path, HttpResponse<byte[]> response) {
    Optional<String> template = template(path);
    if (template.isEmpty()) {
      checkProblem(response);
      return;
    }
    JsonNode operation =
        document.get("paths").get(template.get()).path(method.toLowerCase(Locale.ROOT));
    if (operation.isMissingNode()) {
      checkProblem(response);
      return;
    }
    String what = method + " " + path + " " + response.statusCode();
    JsonNode answer = operation.path("responses").path(Integer.toString(response.statusCode()));
    assertTrue(!answer.isMissingNode(), () -> what + " is not documented: " + text(response));
    String pointer =
        "#/paths/"
            + escaped(template.get())
            + "/"
            + method.toLowerCase(Locale.ROOT)
            + "/responses/"
            + response.statusCode();
    if (answer.has("$ref")) {
      pointer = answer.get("$ref").textValue();
      answer = document.at(pointer.substring(1));
    }
    if (response.statusCode() < 300) succeeded.add(anonymous(method, template.get()));
    checkContent(what, pointer, answer, response);
    List<String> headers = new ArrayList<>();
    answer.path("headers").fieldNames().forEachRemaining(headers::add);
    for (String header : headers) {
      boolean optional = header.equals("Retry-After") || header.equals("WWW-Authenticate");
      assertTrue(
          optional || response.headers().firstValue(header).isPresent(),
          () -> what + " lacks the header " + header);
    }
  }

  private void checkContent(
      String what, String pointer, JsonNode answer, HttpResponse<byte[]> response) {
    String type = response.headers().firstValue("Content-Type").orElse("").replaceAll(";.*", "");
    JsonNode content = answer.path("content");
    if (content.isMissingNode()) {
      assertEquals(0, response.body().length, what);
      return;
    }
    String documented = content.has(type) ? type : "*/*";
    assertTrue(content.has(documented), () -> what + " is of the undocumented type " + type);
    boolean raw = what.contains("/payload") && !what.contains("format=json");
    if (!type.endsWith("json") || !documented.equals(type) || (raw && !type.contains("problem"))) {
      return;
    }
    validate(what, pointer + "/content/" + escaped(type) + "/schema", text(response));
  }

  void checkProblem(HttpResponse<byte[]> response) {
    assertEquals(
        "application/problem+json", response.headers().firstValue("Content-Type").orElse(""));
    checkProblem(text(response));
  }

  void checkProblem(String body) {
    validate("a problem", "#/components/schemas/Problem", body);
  }

  private void validate(String what, String pointer, String body) {
    try {
      JsonNode node = StrictJson.MAPPER.readTree(body);
      assertEquals("[]", schema(pointer).validate(node).toString(), () -> what + ": " + node);
    } catch (IOException notJson) {
      throw new AssertionError(what + " is no JSON: " + body, notJson);
    }
  }

  private JsonSchema schema(String pointer) {
    return schemas.computeIfAbsent(
        pointer,
        at -> {
          ObjectNode schema = document.at(at.substring(1)).deepCopy();
          schema.set("components", document.get("components"));
          return FACTORY.getSchema(schema);
        });
  }

  private Optional<String> template(String target) {
    String path = target.replaceAll("\\?.*", "");
    var templates = new TreeMap<Integer, String>();
    document
        .get("paths")
        .fieldNames()
        .forEachRemaining(
            template -> {
              String pattern = template.replace(".", "\\.").replaceAll("\\{[^}]*}", "[^/]+");
              if (path.matches(pattern)) {
                templates.put(template.replaceAll("[^{]", "").length(), template);
              }
            });
    return templates.isEmpty() ? Optional.empty() : Optional.of(templates.firstEntry().getValue());
  }

  private static String escaped(String segment) {
    return segment.replace("~", "~0").replace("/", "~1");
  }

  private static String text(HttpResponse<byte[]> response) {
    return new String(response.body(), StandardCharsets.UTF_8);
  }
}
