package io.kapsel.core.webhook;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import io.kapsel.core.webhook.BodyPath.Absent;
import io.kapsel.core.webhook.BodyPath.Ambiguous;
import io.kapsel.core.webhook.BodyPath.Found;
import io.kapsel.core.webhook.BodyPath.Lookup;
import io.kapsel.core.webhook.BodyPath.Step;
import io.kapsel.core.webhook.BodyPath.Unreadable;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.CodingErrorAction;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Follows a path through a JSON text without building a tree, so that a body of ten megabytes costs
 * no more memory than a small one. The whole document is read: it must be well-formed to its end.
 */
final class BodyPathWalk {
  static final int NESTING_MAX = 512;
  static final int BACK_MAX = 10_000;

  /** Sizes inside the body are bounded by the size of the body. */
  private static final JsonFactory FACTORY =
      new JsonFactoryBuilder()
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(NESTING_MAX)
                  .maxStringLength(Integer.MAX_VALUE)
                  .maxNameLength(Integer.MAX_VALUE)
                  .maxNumberLength(Integer.MAX_VALUE)
                  .build())
          .build();

  private static final byte[] BYTE_ORDER_MARK = {(byte) 0xef, (byte) 0xbb, (byte) 0xbf};
  private static final Lookup ABSENT = new Absent();

  private BodyPathWalk() {}

  /** Why the body is no JSON text, and where; empty when it is one. */
  static String problem(byte[] body) {
    try (JsonParser parser = FACTORY.createParser(utf8(body))) {
      boolean blank = parser.nextToken() == null;
      if (!blank) parser.skipChildren();
      return blank || parser.nextToken() != null
          ? "The body is not one JSON value" + at(parser.currentLocation())
          : "";
    } catch (JsonProcessingException notJson) {
      return "The body is not JSON of at most "
          + NESTING_MAX
          + " levels"
          + at(notJson.getLocation());
    } catch (IOException notUtf8) {
      return "The body is not UTF-8.";
    }
  }

  private static String at(@Nullable JsonLocation place) {
    return place == null || place.getCharOffset() < 0
        ? "."
        : " (line " + place.getLineNr() + ", character " + place.getColumnNr() + ").";
  }

  static Lookup walk(List<Step> steps, byte[] body) {
    try (JsonParser parser = FACTORY.createParser(utf8(body))) {
      if (parser.nextToken() == null) return new Unreadable();
      Lookup found = at(parser, steps, 0);
      return parser.nextToken() == null ? found : new Unreadable();
    } catch (IOException notJson) {
      return new Unreadable();
    }
  }

  /**
   * Malformed UTF-8 is an error. Given the bytes, the parser would guess UTF-16 and UTF-32 and let
   * overlong forms and surrogates pass.
   */
  private static Reader utf8(byte[] body) {
    int start = startsWithByteOrderMark(body) ? BYTE_ORDER_MARK.length : 0;
    return new InputStreamReader(
        new ByteArrayInputStream(body, start, body.length - start),
        UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT));
  }

  private static boolean startsWithByteOrderMark(byte[] body) {
    return body.length >= BYTE_ORDER_MARK.length
        && body[0] == BYTE_ORDER_MARK[0]
        && body[1] == BYTE_ORDER_MARK[1]
        && body[2] == BYTE_ORDER_MARK[2];
  }

  /** The parser stands on the first token of a value, and afterwards on its last. */
  private static Lookup at(JsonParser parser, List<Step> steps, int depth) throws IOException {
    JsonToken token = parser.currentToken();
    if (depth == steps.size()) {
      boolean id = token == JsonToken.VALUE_STRING || token.isNumeric();
      Lookup found = id ? new Found(parser.getText()) : ABSENT;
      parser.skipChildren();
      return found;
    }
    return switch (steps.get(depth)) {
      case Step.Name step when token == JsonToken.START_OBJECT ->
          member(parser, steps, depth, step.name());
      case Step.Index step when token == JsonToken.START_ARRAY && step.index() >= 0 ->
          element(parser, steps, depth, step.index());
      case Step.Index step when token == JsonToken.START_ARRAY ->
          elementFromEnd(parser, steps, depth, -step.index());
      default -> {
        parser.skipChildren();
        yield ABSENT;
      }
    };
  }

  private static Lookup member(JsonParser parser, List<Step> steps, int depth, String name)
      throws IOException {
    Lookup found = ABSENT;
    boolean seen = false;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      boolean matches = parser.currentName().equals(name);
      parser.nextToken();
      if (!matches) {
        parser.skipChildren();
        continue;
      }
      Lookup value = at(parser, steps, depth + 1);
      found = seen ? new Ambiguous() : value;
      seen = true;
    }
    return found;
  }

  private static Lookup element(JsonParser parser, List<Step> steps, int depth, long index)
      throws IOException {
    Lookup found = ABSENT;
    for (long i = 0; parser.nextToken() != JsonToken.END_ARRAY; i++) {
      if (i == index) found = at(parser, steps, depth + 1);
      else parser.skipChildren();
    }
    return found;
  }

  /**
   * Remembers the answers of as many last elements as the index counts back, up to a limit: an
   * index beyond it would hold a body of small elements many times over, and finds nothing.
   */
  private static Lookup elementFromEnd(JsonParser parser, List<Step> steps, int depth, long back)
      throws IOException {
    if (back > BACK_MAX) {
      parser.skipChildren();
      return ABSENT;
    }
    ArrayDeque<Lookup> last = new ArrayDeque<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      last.addLast(at(parser, steps, depth + 1));
      if (last.size() > back) last.removeFirst();
    }
    return last.size() == back ? last.getFirst() : ABSENT;
  }
}
