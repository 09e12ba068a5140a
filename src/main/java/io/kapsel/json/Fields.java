package io.kapsel.json;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kapsel.core.webhook.ErrorCode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Reads the members of one JSON object and notes every problem with its pointer. A reading that has
 * a problem returns the fallback, so that the reader can go on and find the rest; the result counts
 * only when no problem was noted. Null and absent are the same.
 */
public final class Fields {
  private final ObjectNode object;
  private final String pointer;
  private final List<Problem> problems;
  private final Set<String> read = new HashSet<>();

  private Fields(ObjectNode object, String pointer, List<Problem> problems) {
    this.object = object;
    this.pointer = pointer;
    this.problems = problems;
  }

  public static Fields of(JsonNode node, String pointer, List<Problem> problems) {
    if (node instanceof ObjectNode object) return new Fields(object, pointer, problems);
    problems.add(new Problem(pointer, ErrorCode.INVALID_FIELD, "Must be an object."));
    return new Fields(JsonNodeFactory.instance.objectNode(), pointer, problems);
  }

  public boolean has(String name) {
    return object.hasNonNull(name);
  }

  public String pointerTo(String name) {
    return pointer + "/" + name.replace("~", "~0").replace("/", "~1");
  }

  public void problem(String name, ErrorCode code, String detail) {
    problems.add(new Problem(pointerTo(name), code, detail));
  }

  /** The member as it is; empty when it is absent or null. */
  public Optional<JsonNode> any(String name) {
    read.add(name);
    JsonNode value = object.get(name);
    return value == null || value.isNull() ? Optional.empty() : Optional.of(value);
  }

  /** A member that has to be there: notes a problem when it is absent or null. */
  public Optional<JsonNode> required(String name) {
    Optional<JsonNode> value = any(name);
    if (value.isEmpty()) problem(name, ErrorCode.INVALID_FIELD, "Is required.");
    return value;
  }

  /** The members of a nested object; of an empty one when it is absent. */
  public Fields object(String name) {
    JsonNode value = any(name).orElseGet(JsonNodeFactory.instance::objectNode);
    return of(value, pointerTo(name), problems);
  }

  /** Text of 1 to {@code charsMax} characters that has to be there. */
  public String requiredText(String name, int charsMax) {
    return required(name).map(value -> printable(name, value, charsMax)).orElse("");
  }

  public String text(String name, String fallback, int charsMax) {
    return any(name).map(value -> printable(name, value, charsMax)).orElse(fallback);
  }

  /** A string without any rule about its content. */
  public String string(String name, String fallback) {
    return any(name)
        .map(
            value -> {
              if (value.isTextual()) return value.textValue();
              problem(name, ErrorCode.INVALID_FIELD, "Must be a string.");
              return fallback;
            })
        .orElse(fallback);
  }

  public long integer(String name, long fallback, long min, long max) {
    return whole(name, fallback, min, max, ErrorCode.INVALID_FIELD);
  }

  /** A whole number of the unit that the name ends in. */
  public long duration(String name, long fallback, long min, long max) {
    return whole(name, fallback, min, max, ErrorCode.INVALID_DURATION);
  }

  private long whole(String name, long fallback, long min, long max, ErrorCode code) {
    Optional<JsonNode> value = any(name);
    if (value.isEmpty()) return fallback;
    if (isWholeWithin(value.get(), min, max)) return value.get().longValue();
    problem(name, code, "Must be a whole number from " + min + " to " + max + ".");
    return fallback;
  }

  private static boolean isWholeWithin(JsonNode value, long min, long max) {
    return value.isIntegralNumber()
        && value.canConvertToLong()
        && value.longValue() >= min
        && value.longValue() <= max;
  }

  /** A list of whole numbers, each in the unit that the name ends in. */
  public List<Long> durations(String name, int itemsMax, long min, long max) {
    List<Long> result = new ArrayList<>();
    int index = 0;
    for (JsonNode item : items(name, itemsMax)) {
      if (isWholeWithin(item, min, max)) result.add(item.longValue());
      else {
        String detail = "Must be a whole number from " + min + " to " + max + ".";
        problems.add(
            new Problem(pointerTo(name) + "/" + index, ErrorCode.INVALID_DURATION, detail));
      }
      index++;
    }
    return result;
  }

  public double decimal(String name, double fallback, double min, double max) {
    Optional<JsonNode> value = any(name);
    if (value.isEmpty()) return fallback;
    if (value.get().isNumber()) {
      double number = value.get().doubleValue();
      if (number >= min && number <= max) return number;
    }
    problem(name, ErrorCode.INVALID_FIELD, "Must be a number from " + min + " to " + max + ".");
    return fallback;
  }

  public boolean flag(String name, boolean fallback) {
    Optional<JsonNode> value = any(name);
    if (value.isEmpty()) return fallback;
    if (value.get().isBoolean()) return value.get().booleanValue();
    problem(name, ErrorCode.INVALID_FIELD, "Must be true or false.");
    return fallback;
  }

  /** One of an enumeration's names in lower case. */
  public <E extends Enum<E>> E choice(String name, Class<E> type, E fallback) {
    Optional<JsonNode> value = any(name);
    if (value.isEmpty()) return fallback;
    List<String> names = new ArrayList<>();
    for (E constant : type.getEnumConstants()) {
      names.add(constant.name().toLowerCase(Locale.ROOT));
      if (value.get().isTextual() && value.get().textValue().equals(names.getLast())) {
        return constant;
      }
    }
    problem(name, ErrorCode.INVALID_FIELD, "Must be one of " + String.join(", ", names) + ".");
    return fallback;
  }

  /** The items of a list; none when it is absent. */
  public List<JsonNode> items(String name, int itemsMax) {
    Optional<JsonNode> value = any(name);
    if (value.isEmpty()) return List.of();
    if (!value.get().isArray()) {
      problem(name, ErrorCode.INVALID_FIELD, "Must be a list.");
      return List.of();
    }
    if (value.get().size() > itemsMax) {
      problem(name, ErrorCode.INVALID_FIELD, "Must have at most " + itemsMax + " items.");
      return List.of();
    }
    List<JsonNode> result = new ArrayList<>();
    value.get().forEach(result::add);
    return result;
  }

  /** Notes every member that nobody asked for, so that a typing mistake is not silently lost. */
  public void end() {
    object
        .fieldNames()
        .forEachRemaining(
            name -> {
              if (!read.contains(name)) {
                problem(name, ErrorCode.UNKNOWN_FIELD, "There is no such field.");
              }
            });
  }

  private String printable(String name, JsonNode value, int charsMax) {
    if (!value.isTextual()) {
      problem(name, ErrorCode.INVALID_FIELD, "Must be a string.");
      return "";
    }
    String text = value.textValue();
    if (text.isBlank() || text.length() > charsMax) {
      problem(name, ErrorCode.INVALID_FIELD, "Must have 1 to " + charsMax + " characters.");
    } else if (!isPrintable(text)) {
      problem(name, ErrorCode.INVALID_FIELD, "Must not contain control characters.");
    }
    return text;
  }

  /**
   * No control characters and no half of a surrogate pair: what every store and screen can hold.
   */
  public static boolean isPrintable(String text) {
    for (int i = 0; i < text.length(); ) {
      int codePoint = text.codePointAt(i);
      int type = Character.getType(codePoint);
      if (type == Character.CONTROL || type == Character.SURROGATE) return false;
      i += Character.charCount(codePoint);
    }
    return true;
  }
}
