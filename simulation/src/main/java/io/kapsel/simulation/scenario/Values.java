package io.kapsel.simulation.scenario;

import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * What an option may be set to.
 *
 * @param words as they follow "needs"
 */
record Values(String words, Predicate<String> allows) {
  private static final int LIST_ITEMS_MAX = 50;

  /** A whole number. */
  static Values whole(long least, long most) {
    return new Values(
        "a whole number from %d to %d".formatted(least, most),
        value -> isWhole(value, least, most));
  }

  /** A number, whole or not. */
  static Values real(double least, double most) {
    return new Values(
        "a number from %s to %s".formatted(plain(least), plain(most)),
        value ->
            value.matches("[0-9]{1,18}([.][0-9]{1,18})?")
                && Double.parseDouble(value) >= least
                && Double.parseDouble(value) <= most);
  }

  /** Whole numbers with commas between them, one at least. */
  static Values wholes(long least, long most) {
    return new Values(
        "up to %d whole numbers from %d to %d, with commas".formatted(LIST_ITEMS_MAX, least, most),
        value -> {
          List<String> items = items(value);
          return items.size() <= LIST_ITEMS_MAX
              && items.stream().allMatch(item -> isWhole(item, least, most));
        });
  }

  static <E extends Enum<E>> Values oneOf(Class<E> type) {
    List<String> names = names(type);
    return new Values("one of " + String.join(", ", names), names::contains);
  }

  /** Names with commas between them, or none. */
  static <E extends Enum<E>> Values someOf(Class<E> type) {
    List<String> names = names(type);
    return new Values(
        "some of " + String.join(", ", names) + ", with commas",
        value -> value.isEmpty() || names.containsAll(items(value)));
  }

  /** These, or that each endpoint draws its own. */
  static Values orVaries(Values values) {
    return new Values(
        values.words + ", or " + Option.VARIES,
        value -> value.equals(Option.VARIES) || values.allows.test(value));
  }

  private static boolean isWhole(String value, long least, long most) {
    if (!value.matches("[0-9]{1,18}")) return false;
    long number = Long.parseLong(value);
    return number >= least && number <= most;
  }

  private static List<String> items(String value) {
    return List.of(value.split(",", -1));
  }

  private static <E extends Enum<E>> List<String> names(Class<E> type) {
    return Arrays.stream(type.getEnumConstants()).map(Enum::name).collect(Collectors.toList());
  }

  private static String plain(double value) {
    return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
  }
}
