package io.kapsel.core.webhook;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A path to one value of a JSON document: the singular queries of RFC 9535 (§2.3.5.1), such as
 * {@code $.data.id}, {@code $['data']["id"]} or {@code $.items[-1].id}. Queries that may select
 * several values are not paths to an id.
 */
public final class BodyPath {
  private static final int CHARACTERS_MAX = 1_000;

  /** I-JSON integers (RFC 9535 §2.1): ±(2^53 - 1). */
  private static final long INDEX_MAX = (1L << 53) - 1;

  /** One step into an object or an array. */
  sealed interface Step {
    record Name(String name) implements Step {}

    /** Counts from the end when negative. */
    record Index(long index) implements Step {}
  }

  /** What stands at the path. */
  public sealed interface Lookup {}

  /** A string, or a number as it was written. */
  public record Found(String text) implements Lookup {}

  /** Nothing, or a value that is no string and no number. */
  public record Absent() implements Lookup {}

  /** An object on the way has two members of the name (RFC 8259 §4 leaves their meaning open). */
  public record Ambiguous() implements Lookup {}

  /** The body is not a JSON document in UTF-8 of at most 512 levels. */
  public record Unreadable() implements Lookup {}

  private final String text;
  private int position;

  private BodyPath(String text) {
    this.text = text;
  }

  /** Looks a body up; {@code path} has passed {@link #problem}, any other finds nothing. */
  public static Lookup find(String path, byte[] body) {
    List<Step> steps = parse(path);
    return steps == null ? new Absent() : BodyPathWalk.walk(steps, body);
  }

  /** Why the text is not such a path ({@code E1307}), empty when it is one. */
  public static Optional<String> problem(String path) {
    return parse(path) == null
        ? Optional.of("Must be an RFC 9535 path to a single value, such as $.data.id.")
        : Optional.empty();
  }

  static @Nullable List<Step> parse(String path) {
    if (path.length() > CHARACTERS_MAX) return null;
    return new BodyPath(path).steps();
  }

  private @Nullable List<Step> steps() {
    if (!take('$')) return null;
    List<Step> steps = new ArrayList<>();
    while (position < text.length()) {
      skipBlanks();
      Step step = take('.') ? shorthand() : take('[') ? bracketed() : null;
      if (step == null) return null;
      steps.add(step);
    }
    return steps;
  }

  private @Nullable Step shorthand() {
    int start = position;
    while (position < text.length() && isNameCharacter(start)) {
      position += Character.charCount(text.codePointAt(position));
    }
    return position > start ? new Step.Name(text.substring(start, position)) : null;
  }

  /** Digits may not come first; lone surrogates are no characters. */
  private boolean isNameCharacter(int start) {
    int c = text.codePointAt(position);
    if (c >= '0' && c <= '9') return position > start;
    boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    return letter || (c >= 0x80 && !isSurrogate(c));
  }

  private @Nullable Step bracketed() {
    skipBlanks();
    char first = position < text.length() ? text.charAt(position) : 0;
    Step step = first == '\'' || first == '"' ? quoted(first) : index();
    skipBlanks();
    return step != null && take(']') ? step : null;
  }

  private @Nullable Step index() {
    int start = position;
    boolean negative = take('-');
    int digits = position;
    long value = 0;
    while (position < text.length() && isDigit(text.charAt(position)) && value <= INDEX_MAX) {
      value = value * 10 + (text.charAt(position++) - '0');
    }
    int length = position - digits;
    boolean leadingZero = length > 0 && text.charAt(digits) == '0' && position > start + 1;
    if (length == 0 || leadingZero || value > INDEX_MAX) return null;
    return new Step.Index(negative ? -value : value);
  }

  private @Nullable Step quoted(char quote) {
    position++;
    StringBuilder name = new StringBuilder();
    while (position < text.length()) {
      int c = text.codePointAt(position);
      position += Character.charCount(c);
      if (c == quote) return new Step.Name(name.toString());
      if (c == '\\') c = escaped(quote);
      else if (c < ' ' || isSurrogate(c)) return null;
      if (c < 0) return null;
      name.appendCodePoint(c);
    }
    return null;
  }

  /** The character after a backslash, -1 when the escape does not exist. */
  private int escaped(char quote) {
    char c = position < text.length() ? text.charAt(position++) : 0;
    return switch (c) {
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case '/', '\\' -> c;
      case 'u' -> unicode();
      default -> c == quote ? c : -1;
    };
  }

  /** Four hexadecimal digits, or twice four that form a surrogate pair. */
  private int unicode() {
    int first = hexadecimal();
    if (first < 0 || !isSurrogate(first)) return first;
    if (!Character.isHighSurrogate((char) first) || !take('\\') || !take('u')) return -1;
    int second = hexadecimal();
    return second >= 0 && Character.isLowSurrogate((char) second)
        ? Character.toCodePoint((char) first, (char) second)
        : -1;
  }

  private int hexadecimal() {
    if (position + 4 > text.length()) return -1;
    int value = 0;
    for (int i = 0; i < 4; i++) {
      char c = text.charAt(position++);
      int digit = c < 0x80 ? Character.digit(c, 16) : -1;
      if (digit < 0) return -1;
      value = value << 4 | digit;
    }
    return value;
  }

  private boolean take(char expected) {
    if (position >= text.length() || text.charAt(position) != expected) return false;
    position++;
    return true;
  }

  private void skipBlanks() {
    while (position < text.length() && " \t\n\r".indexOf(text.charAt(position)) >= 0) position++;
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private static boolean isSurrogate(int c) {
    return c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
  }
}
