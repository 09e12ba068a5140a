package io.kapsel.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Rejection;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * RFC 8259 and nothing beside it: UTF-8 without a byte order mark, no duplicate names, nothing
 * after the value, no comments, no NaN, bounded depth. Never throws for any input.
 */
public final class StrictJson {
  /** Configuration is shallow; a deeper document is a mistake or an attack. */
  public static final int DEPTH_MAX = 64;

  private static final int NUMBER_LENGTH_MAX = 100;

  /** Writes and reads what Kapsel itself produced. */
  public static final ObjectMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(DEPTH_MAX)
                          .maxNumberLength(NUMBER_LENGTH_MAX)
                          .build())
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .build();

  public sealed interface Read {
    record Value(JsonNode node) implements Read {}

    record Malformed(Rejection rejection) implements Read {}
  }

  private StrictJson() {}

  public static Read read(byte[] utf8) {
    var in = ByteBuffer.wrap(utf8);
    var chars = CharBuffer.allocate(utf8.length);
    var decoded =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT)
            .decode(in, chars, true);
    if (decoded.isError()) return malformed("The text is not valid UTF-8", in.position());
    String text = chars.flip().toString();
    if (text.startsWith("\uFEFF")) return malformed("A byte order mark is not allowed", 0);
    try {
      JsonNode node = MAPPER.readTree(text);
      return node == null || node.isMissingNode()
          ? malformed("There is no JSON value", utf8.length)
          : new Read.Value(node);
    } catch (JsonProcessingException refused) {
      return malformed(sentence(refused), byteOffset(text, refused.getLocation()));
    }
  }

  private static String sentence(JsonProcessingException refused) {
    String message = refused.getOriginalMessage();
    if (message.startsWith("Duplicate field")) return "A member name occurs twice";
    if (message.startsWith("Trailing token")) return "There is text after the JSON value";
    if (message.contains("nesting depth")) return "The nesting is deeper than " + DEPTH_MAX;
    return "The text is not valid JSON";
  }

  private static long byteOffset(String text, JsonLocation location) {
    if (location == null || location.getCharOffset() < 0) return 0;
    int end = (int) Math.min(location.getCharOffset(), text.length());
    return text.substring(0, end).getBytes(StandardCharsets.UTF_8).length;
  }

  private static Read malformed(String what, long offset) {
    return new Read.Malformed(
        Rejection.of(ErrorCode.INVALID_JSON, what + " (at byte offset " + offset + ")."));
  }
}
