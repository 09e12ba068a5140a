package io.kapsel.json;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** Changes to a JSON document, themselves written as JSON. */
public final class MergePatch {
  private MergePatch() {}

  /** RFC 7396 §2. Changes neither of the two. */
  public static JsonNode applied(JsonNode target, JsonNode patch) {
    if (!(patch instanceof ObjectNode changes)) return patch;
    ObjectNode result =
        target instanceof ObjectNode object
            ? object.deepCopy()
            : JsonNodeFactory.instance.objectNode();
    changes
        .properties()
        .forEach(
            change -> {
              String name = change.getKey();
              if (change.getValue().isNull()) result.remove(name);
              else {
                JsonNode before =
                    result.has(name) ? result.get(name) : JsonNodeFactory.instance.nullNode();
                result.set(name, applied(before, change.getValue()));
              }
            });
    return result;
  }
}
