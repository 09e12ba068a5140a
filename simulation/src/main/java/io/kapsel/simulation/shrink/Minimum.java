package io.kapsel.simulation.shrink;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongPredicate;
import java.util.function.Predicate;

/** Searches for the least that still fails. */
public final class Minimum {
  private Minimum() {}

  /**
   * Delta debugging (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input",
   * 2002): a part of {@code all} from which nothing more can be left out alone. {@code all} itself
   * is known to fail.
   */
  public static <T> List<T> subset(List<T> all, Predicate<List<T>> fails) {
    if (all.isEmpty() || fails.test(List.of())) return List.of();
    List<T> least = all;
    int parts = 2;
    while (least.size() >= 2) {
      List<T> smaller = smaller(least, parts, fails);
      if (!smaller.equals(least)) {
        boolean isOnePart = smaller.size() * 2 <= least.size() + 1 && parts > 2;
        least = smaller;
        parts = isOnePart ? 2 : Math.max(2, parts - 1);
      } else if (parts < least.size()) {
        parts = Math.min(least.size(), parts * 2);
      } else {
        break;
      }
    }
    return least;
  }

  /** The first part, or complement of a part, that fails; the same list when none does. */
  private static <T> List<T> smaller(List<T> from, int parts, Predicate<List<T>> fails) {
    for (int i = 0; i < parts; i++) {
      List<T> part = from.subList(from.size() * i / parts, from.size() * (i + 1) / parts);
      if (part.size() < from.size() && !part.isEmpty() && fails.test(List.copyOf(part)))
        return List.copyOf(part);
    }
    if (parts == 2) return from;
    for (int i = 0; i < parts; i++) {
      List<T> rest = new ArrayList<>(from.subList(0, from.size() * i / parts));
      rest.addAll(from.subList(from.size() * (i + 1) / parts, from.size()));
      if (rest.size() < from.size() && fails.test(List.copyOf(rest))) return List.copyOf(rest);
    }
    return from;
  }

  /**
   * A number from {@code low} to {@code high} that fails while the one before it, as far as it was
   * tried, does not. {@code high} is known to fail. Failing need not be monotonic.
   */
  public static long number(long low, long high, LongPredicate fails) {
    if (low >= high) return high;
    if (fails.test(low)) return low;
    long works = low;
    long least = high;
    while (least - works > Math.max(1, least / 20)) {
      long middle = works + (least - works) / 2;
      if (fails.test(middle)) least = middle;
      else works = middle;
    }
    return least;
  }
}
