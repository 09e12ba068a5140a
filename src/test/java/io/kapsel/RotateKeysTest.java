package io.kapsel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.secrets.Keyring;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RotateKeysTest {
  private static final String KEY = Keyring.newKey(new SplittableRandom(1));

  @TempDir Path data;
  private Path file;
  private final StringWriter printed = new StringWriter();

  @BeforeEach
  void make_a_key() throws IOException {
    file = data.resolve("secrets.key");
    Files.writeString(file, KEY + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--------"));
  }

  private int rotate(String... more) {
    String[] words = new String[more.length + 3];
    words[0] = "rotate-keys";
    words[1] = "--data";
    words[2] = data.toString();
    System.arraycopy(more, 0, words, 3, more.length);
    PrintWriter out = new PrintWriter(printed);
    return Main.run(words, Map.of(), out, out);
  }

  private List<String> lines() throws IOException {
    return Files.readAllLines(file);
  }

  @Test
  void a_new_key_stands_in_front_and_the_old_one_stays() throws IOException {
    assertEquals(0, rotate(), printed::toString);
    assertEquals(2, lines().size());
    assertEquals(KEY, lines().get(1));
    Keyring keyring = Keyring.parse(String.join(",", lines()));
    assertTrue(printed.toString().contains(keyring.current().orElseThrow().id()));
    assertFalse(printed.toString().contains(lines().getFirst()), printed::toString);
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
  }

  @Test
  void several_nodes_learn_the_key_before_they_use_it() throws IOException {
    assertEquals(0, rotate("--prepare"));
    assertEquals(KEY, lines().getFirst());
    String prepared = lines().get(1);
    assertEquals(0, rotate("--complete"));
    assertEquals(List.of(prepared, KEY), lines());
  }

  @Test
  void nothing_can_be_completed_that_was_not_prepared() throws IOException {
    assertEquals(78, rotate("--complete"));
    assertEquals(List.of(KEY), lines());
  }

  @Test
  void a_file_that_cannot_be_used_stays_as_it_is() throws IOException {
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    assertEquals(78, rotate());
    assertTrue(printed.toString().contains("E4004 "), printed::toString);
    assertEquals(List.of(KEY), lines());
    assertEquals(78, rotate("--file", data.resolve("absent").toString()));
    assertFalse(Files.exists(data.resolve("absent")));
  }

  @Test
  void both_steps_at_once_are_none() throws IOException {
    assertEquals(2, rotate("--prepare", "--complete"));
    assertEquals(List.of(KEY), lines());
  }
}
