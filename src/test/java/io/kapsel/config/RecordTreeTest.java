package io.kapsel.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.kapsel.Settings;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RecordTreeTest {
  record Tree(int count, Branch branch) {}

  record Branch(long delayMillis, long roomBytes, List<String> names) {
    Branch {
      if (names.isEmpty()) throw new IllegalArgumentException("names must not be empty");
    }
  }

  private final RecordTree<Tree> tree = new RecordTree<>(Tree.class, "tree");

  @Test
  void names_settings_after_components_without_the_unit_of_time() {
    assertEquals(
        List.of("tree.count", "tree.branch.delay", "tree.branch.room-bytes", "tree.branch.names"),
        List.copyOf(tree.knobs().keySet()));
  }

  @Test
  void builds_records_from_values() {
    assertEquals(
        new Tree(1, new Branch(2, 3, List.of("a"))),
        tree.build(
            Map.of(
                "tree.count",
                1,
                "tree.branch.delay",
                2L,
                "tree.branch.room-bytes",
                3L,
                "tree.branch.names",
                List.of("a"))));
  }

  @Test
  void says_which_section_refused_its_values() {
    var refused =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                tree.build(
                    Map.of(
                        "tree.count",
                        1,
                        "tree.branch.delay",
                        2L,
                        "tree.branch.room-bytes",
                        3L,
                        "tree.branch.names",
                        List.of())));
    assertEquals("tree.branch: names must not be empty", refused.getMessage());
  }

  @Test
  void every_number_among_the_settings_has_a_range() {
    for (Knob knob : new RecordTree<>(Settings.class, Settings.ROOT).knobs().values())
      assertFalse(knob.isNumber() && knob.rangeText().isEmpty(), knob.path());
  }
}
