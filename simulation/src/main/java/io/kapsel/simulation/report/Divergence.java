package io.kapsel.simulation.report;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * Where two traces of the same scenario part.
 *
 * @param line counted from 1
 * @param before the last lines that agree
 * @param first the next line of one trace, empty at its end
 * @param second the next line of the other
 */
public record Divergence(long line, List<String> before, String first, String second) {
  private static final int BEFORE = 5;

  /** Empty when they are the same. */
  public static Optional<Divergence> between(Path one, Path other) throws IOException {
    try (BufferedReader a = Files.newBufferedReader(one);
        BufferedReader b = Files.newBufferedReader(other)) {
      Deque<String> before = new ArrayDeque<>();
      for (long number = 1; ; number++) {
        String first = a.readLine();
        String second = b.readLine();
        if (first == null && second == null) return Optional.empty();
        if (first == null || !first.equals(second))
          return Optional.of(
              new Divergence(
                  number,
                  List.copyOf(before),
                  first == null ? "" : first,
                  second == null ? "" : second));
        before.add(first);
        if (before.size() > BEFORE) before.remove();
      }
    }
  }

  /** Both, below what they have in common. */
  public List<String> lines() {
    List<String> lines = new ArrayList<>();
    for (String common : before) lines.add("  " + common);
    lines.add("< " + (first.isEmpty() ? "(the end)" : first));
    lines.add("> " + (second.isEmpty() ? "(the end)" : second));
    lines.add("  (event " + line + ")");
    return lines;
  }
}
