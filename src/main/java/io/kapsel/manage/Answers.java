package io.kapsel.manage;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kapsel.http.Response;
import io.kapsel.json.Rfc3339;
import io.kapsel.json.StrictJson;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;

/** The forms that answers share. */
final class Answers {
  static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private Answers() {}

  static Response json(int status, JsonNode node) {
    try {
      return Response.json(status, StrictJson.MAPPER.writeValueAsBytes(node));
    } catch (JsonProcessingException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }

  static Response nothing() {
    return Response.empty(204);
  }

  /** A time, or null for 0. */
  static void time(ObjectNode node, String name, long epochMillis) {
    if (epochMillis == 0) node.putNull(name);
    else node.put(name, Rfc3339.format(epochMillis));
  }

  /** Text, or null when there is none. */
  static void text(ObjectNode node, String name, String text) {
    if (text.isEmpty()) node.putNull(name);
    else node.put(name, text);
  }

  /**
   * One page.
   *
   * @param found up to one more than the page has, which says that there is a next page
   */
  static <T> Response page(
      Call call,
      Cursors cursors,
      List<T> found,
      int limit,
      Function<T, ObjectNode> shown,
      Function<T, UUID> id) {
    List<T> page = found.subList(0, Math.min(limit, found.size()));
    Optional<UUID> last =
        found.size() > limit ? Optional.of(id.apply(page.getLast())) : Optional.empty();
    return page(page.stream().map(shown).toList(), last.map(each -> cursors.seal(call, each)));
  }

  static Response page(List<ObjectNode> items, Optional<String> nextCursor) {
    ObjectNode node = NODES.objectNode();
    node.putArray("data").addAll(items);
    text(node, "next_cursor", nextCursor.orElse(""));
    return json(200, node);
  }
}
