package io.kapsel.simulation.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DivergenceTest {
  @TempDir Path folder;

  private Optional<Divergence> between(String one, String other) throws IOException {
    Path first = Files.writeString(folder.resolve("one"), one);
    Path second = Files.writeString(folder.resolve("other"), other);
    return Divergence.between(first, second);
  }

  @Test
  void equal_traces_have_none() throws IOException {
    assertEquals(Optional.empty(), between("a\nb\n", "a\nb\n"));
  }

  @Test
  void is_shown_below_what_came_before() throws IOException {
    Divergence found = between("1\n2\n3\n4\n5\n6\n7\n", "1\n2\n3\n4\n5\n6\nx\n").orElseThrow();
    assertEquals(
        List.of("  2", "  3", "  4", "  5", "  6", "< 7", "> x", "  (event 7)"), found.lines());
  }

  @Test
  void may_be_the_end_of_one() throws IOException {
    assertEquals(
        List.of("  1", "< 2", "> (the end)", "  (event 2)"),
        between("1\n2\n", "1\n").orElseThrow().lines());
  }
}
