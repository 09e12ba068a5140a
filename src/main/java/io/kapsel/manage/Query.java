package io.kapsel.manage;

import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.json.Problem;
import io.kapsel.json.Rfc3339;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * The parameters of a request. Like {@code json.Fields}, notes every problem instead of stopping at
 * the first; a problem's pointer is a question mark and the name.
 */
final class Query {
  private static final int PAGE_DEFAULT = 50;
  static final int PAGE_MAX = 1_000;
  private static final int TEXT_CHARS_MAX = 200;

  private final TreeMap<String, String> values = new TreeMap<>();
  private final Set<String> read = new HashSet<>();
  private final List<Problem> problems = new ArrayList<>();

  private Query() {}

  /**
   * @param text still percent-encoded, empty for none
   */
  static Query parse(String text) {
    var query = new Query();
    if (text.isEmpty()) return query;
    for (String pair : text.split("&", -1)) {
      if (pair.isEmpty()) continue;
      int equals = pair.indexOf('=');
      Optional<String> name = decoded(equals < 0 ? pair : pair.substring(0, equals));
      Optional<String> value = decoded(equals < 0 ? "" : pair.substring(equals + 1));
      if (name.isEmpty() || value.isEmpty()) {
        query.problem(name.orElse(""), "The percent-encoding is malformed.");
      } else if (query.values.putIfAbsent(name.get(), value.get()) != null) {
        query.problem(name.get(), "Is given more than once.");
      }
    }
    return query;
  }

  private static Optional<String> decoded(String text) {
    try {
      // Decoding to octets first, so that octets which are no UTF-8 are found.
      String octets = URLDecoder.decode(text, StandardCharsets.ISO_8859_1);
      return Optional.of(
          StandardCharsets.UTF_8
              .newDecoder()
              .decode(ByteBuffer.wrap(octets.getBytes(StandardCharsets.ISO_8859_1)))
              .toString());
    } catch (IllegalArgumentException | CharacterCodingException malformed) {
      return Optional.empty();
    }
  }

  void problem(String name, String detail) {
    problems.add(new Problem("?" + name, ErrorCode.INVALID_QUERY, detail));
  }

  Optional<String> text(String name) {
    read.add(name);
    Optional<String> value = Optional.ofNullable(values.get(name));
    if (value.isPresent() && (value.get().isEmpty() || value.get().length() > TEXT_CHARS_MAX)) {
      problem(name, "Must have 1 to " + TEXT_CHARS_MAX + " characters.");
      return Optional.empty();
    }
    return value;
  }

  /** How many items a page has. */
  int limit() {
    Optional<String> value = text("limit");
    if (value.isEmpty()) return PAGE_DEFAULT;
    if (value.get().matches("[0-9]{1,9}")) {
      int limit = Integer.parseInt(value.get());
      if (limit >= 1 && limit <= PAGE_MAX) return limit;
    }
    problem("limit", "Must be a whole number from 1 to " + PAGE_MAX + ".");
    return PAGE_DEFAULT;
  }

  /** Milliseconds since the epoch. */
  long time(String name, long fallback) {
    Optional<String> value = text(name);
    if (value.isEmpty()) return fallback;
    // A plus that was sent as it is has been decoded to a space.
    var time = Rfc3339.parse(value.get().replace(' ', '+'));
    if (time.isPresent() && time.getAsLong() >= 0) return time.getAsLong();
    problem(name, "Must be an RFC 3339 time such as 2026-11-23T21:08:00Z.");
    return fallback;
  }

  /** One of an enumeration's names in lower case. */
  <E extends Enum<E>> Optional<E> choice(String name, List<E> constants) {
    Optional<String> value = text(name);
    if (value.isEmpty()) return Optional.empty();
    List<String> names = new ArrayList<>();
    for (E constant : constants) {
      names.add(constant.name().toLowerCase(Locale.ROOT));
      if (value.get().equals(names.getLast())) return Optional.of(constant);
    }
    problem(name, "Must be one of " + String.join(", ", names) + ".");
    return Optional.empty();
  }

  /** What the text of an identifier names. */
  <T> Optional<T> id(String name, Function<String, Optional<T>> parse, String form) {
    Optional<String> value = text(name);
    Optional<T> id = value.flatMap(parse);
    if (value.isPresent() && id.isEmpty()) problem(name, "Must be of the form " + form + ".");
    return id;
  }

  /** Everything that is wrong, also with parameters that nobody asked for. */
  List<Problem> end() {
    for (String name : values.keySet()) {
      if (!read.contains(name)) problem(name, "There is no such parameter.");
    }
    return List.copyOf(problems);
  }

  /** The parameters that choose what is listed, in one form for equal choices. */
  String selection() {
    var selection = new TreeMap<>(values);
    selection.remove("cursor");
    selection.remove("limit");
    return selection.toString();
  }
}
