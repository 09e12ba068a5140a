package io.kapsel.config;

import io.kapsel.core.webhook.Secret;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * One setting: how it is named and how its text becomes the value of a record component. The unit
 * of a number is in the component's name: {@code timeoutMillis} is the setting {@code timeout},
 * written with a unit; {@code cacheBytesMax} is a size.
 */
final class Knob {
  private static final Map<String, Long> NANOS_BY_SUFFIX =
      Map.of(
          "Micros", 1_000L,
          "Millis", 1_000_000L,
          "Seconds", 1_000_000_000L,
          "Days", 86_400_000_000_000L);

  private final String path;
  private final Type type;
  private final boolean secret;
  private final boolean size;
  private final long unitNanos;
  private final Optional<Range> range;
  private final List<String> environment;

  Knob(String section, RecordComponent component) {
    String name = component.getName();
    Optional<String> suffix = isNumber(component.getType()) ? timeSuffix(name) : Optional.empty();
    this.path =
        section + "." + kebab(name.substring(0, name.length() - suffix.orElse("").length()));
    this.type = component.getGenericType();
    this.secret = type == Secret.class || component.isAnnotationPresent(Confidential.class);
    this.unitNanos = suffix.map(NANOS_BY_SUFFIX::get).orElse(0L);
    this.size = isNumber(component.getType()) && name.contains("Bytes");
    this.range = Optional.ofNullable(component.getAnnotation(Range.class));
    String natural = variable(path);
    this.environment =
        Optional.ofNullable(component.getAnnotation(Alias.class))
            .map(alias -> List.of(alias.value(), natural))
            .orElse(List.of(natural));
  }

  static String kebab(String name) {
    return name.replaceAll("([a-z0-9])([A-Z])", "$1-$2").toLowerCase(Locale.ROOT);
  }

  static String variable(String path) {
    return path.replace('.', '_').replace('-', '_').toUpperCase(Locale.ROOT);
  }

  private static boolean isNumber(Class<?> type) {
    return type == int.class || type == long.class;
  }

  private static Optional<String> timeSuffix(String name) {
    return NANOS_BY_SUFFIX.keySet().stream().filter(name::endsWith).findFirst();
  }

  String path() {
    return path;
  }

  /** Environment variables that set it, the shortest first. */
  List<String> environment() {
    return environment;
  }

  boolean isSecret() {
    return secret;
  }

  /** Whether a text that was refused may be repeated. */
  boolean mayBeShown() {
    return !secret && type != DatabaseUrl.class;
  }

  boolean isList() {
    return type instanceof ParameterizedType;
  }

  boolean isNumber() {
    return type == int.class || type == long.class || type == double.class;
  }

  /** Such as {@code 1 to 100}; empty when any value of its kind will do. */
  String rangeText() {
    if (type == boolean.class) return "";
    if (type instanceof Class<?> c && c.isEnum()) return expected();
    return range.map(r -> r.min() + " to " + r.max()).orElse("");
  }

  /** What may be written, as it stands after "must be". */
  String expected() {
    String what;
    if (unitNanos > 0) what = "a duration with a unit (us, ms, s, m, h, d)";
    else if (size) what = "a size (KiB, MiB, GiB)";
    else if (type == int.class || type == long.class) what = "a whole number";
    else if (type == double.class) what = "a number";
    else if (type == boolean.class) what = "true or false";
    else if (type instanceof Class<?> c && c.isEnum())
      what =
          Arrays.stream(c.getEnumConstants())
              .map(Knob::written)
              .collect(Collectors.joining(" or "));
    else if (isList()) what = "a list";
    else what = "text";
    return what + range.map(r -> " from " + r.min() + " to " + r.max()).orElse("");
  }

  /**
   * Never called for a list.
   *
   * @throws IllegalArgumentException with a sentence that names what was expected, not the text
   */
  Object read(String text) {
    return read(text, type);
  }

  List<Object> readAll(List<String> texts) {
    Type element = ((ParameterizedType) type).getActualTypeArguments()[0];
    return texts.stream().map(text -> read(text, element)).toList();
  }

  private Object read(String text, Type wanted) {
    if (wanted == int.class || wanted == long.class) {
      long value = whole(text);
      return wanted == int.class ? (Object) Math.toIntExact(value) : (Object) value;
    }
    if (wanted == double.class) return decimal(text);
    if (wanted == boolean.class) return truth(text);
    if (wanted == String.class) return text;
    if (wanted == Secret.class) return new Secret(text);
    if (wanted == Path.class) return path(text);
    if (wanted instanceof Class<?> c && c.isEnum())
      return Arrays.stream(c.getEnumConstants())
          .filter(each -> written(each).equals(text))
          .findFirst()
          .orElseThrow(this::unexpected);
    return parsed(text, (Class<?>) wanted);
  }

  private long whole(String text) {
    long value = unchecked(text);
    long max = type == int.class ? Integer.MAX_VALUE : Long.MAX_VALUE;
    if (value > max) throw unexpected();
    range.ifPresent(
        r -> {
          if (value < unchecked(r.min()) || value > unchecked(r.max())) throw unexpected();
        });
    return value;
  }

  private long unchecked(String text) {
    if (unitNanos > 0) return Quantity.duration(text, unitNanos).orElseThrow(this::unexpected);
    if (size) return Quantity.bytes(text).orElseThrow(this::unexpected);
    if (!text.matches("-?[0-9]{1,18}")) throw unexpected();
    return Long.parseLong(text);
  }

  private double decimal(String text) {
    if (!text.matches("-?[0-9]{1,18}(\\.[0-9]{1,18})?")) throw unexpected();
    double value = Double.parseDouble(text);
    range.ifPresent(
        r -> {
          if (value < Double.parseDouble(r.min()) || value > Double.parseDouble(r.max()))
            throw unexpected();
        });
    return value;
  }

  private boolean truth(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "true", "on", "yes" -> true;
      case "false", "off", "no" -> false;
      default -> throw unexpected();
    };
  }

  private static Path path(String text) {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException("must be a file path", e);
    }
  }

  /** Types of their own come with a static {@code parse(String)}. */
  private static Object parsed(String text, Class<?> wanted) {
    try {
      Object value = parser(wanted).orElseThrow().invoke(null, text);
      if (value instanceof Optional<?> maybe)
        return maybe.orElseThrow(
            () -> new IllegalArgumentException("must be a " + kebab(wanted.getSimpleName())));
      return value;
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof IllegalArgumentException refused) throw refused;
      throw new IllegalStateException(e);
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(e);
    }
  }

  static Optional<Method> parser(Class<?> wanted) {
    try {
      return Optional.of(wanted.getMethod("parse", String.class));
    } catch (NoSuchMethodException e) {
      return Optional.empty();
    }
  }

  private static String written(Object constant) {
    return constant.toString().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private IllegalArgumentException unexpected() {
    return new IllegalArgumentException("must be " + expected());
  }
}
