package io.kapsel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the documents name as proof is there: tests, vectors and decisions. */
class NamedTestsTest {
  private static final Path DOCS = Path.of("../docs");
  private static final Pattern QUOTED = Pattern.compile("`([^`]+)`");
  private static final Pattern CLASS = Pattern.compile("[A-Z]\\w*(Test|IT|Properties)");
  private static final Pattern TEST = Pattern.compile("([A-Z]\\w*)\\.([a-z]\\w*_\\w+)");
  private static final Pattern SENTENCE = Pattern.compile("[a-z][a-z0-9]*(_[a-zA-Z0-9]+){3,}");
  private static final Pattern VECTORS = Pattern.compile("[a-z_]+\\.json");
  private static final Pattern DECISION = Pattern.compile("docs/adr/(\\d{4})");

  /** Simple names of the test classes, with the methods of theirs and of what is nested in them. */
  private static Map<String, Set<String>> tests() throws IOException, URISyntaxException {
    Path root =
        Path.of(NamedTestsTest.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    Map<String, Set<String>> tests = new TreeMap<>();
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        String path = root.relativize(file).toString();
        if (!path.endsWith(".class")) continue;
        String name = path.substring(0, path.length() - ".class".length()).replace('/', '.');
        String simple = name.substring(name.lastIndexOf('.') + 1).replaceAll("\\$.*", "");
        Set<String> methods = tests.computeIfAbsent(simple, unused -> new TreeSet<>());
        for (Method method : load(name).getDeclaredMethods()) methods.add(method.getName());
      }
    }
    return tests;
  }

  private static Class<?> load(String name) {
    try {
      return Class.forName(name, false, NamedTestsTest.class.getClassLoader());
    } catch (ClassNotFoundException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private static boolean hasDecision(String number) {
    try (Stream<Path> files = Files.list(DOCS.resolve("adr"))) {
      return files.anyMatch(file -> file.getFileName().toString().startsWith(number + "-"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isThere(String quoted, Map<String, Set<String>> tests) {
    String named = quoted.replaceFirst("^Table\\.", "IngestTableIT.");
    Matcher test = TEST.matcher(named);
    if (test.matches()) return tests.getOrDefault(test.group(1), Set.of()).contains(test.group(2));
    if (CLASS.matcher(named).matches()) return tests.containsKey(named);
    if (SENTENCE.matcher(named).matches())
      return tests.values().stream().anyMatch(methods -> methods.contains(named));
    if (VECTORS.matcher(named).matches())
      return NamedTestsTest.class.getResource("/vectors/" + named) != null;
    Matcher decision = DECISION.matcher(named);
    return !decision.find() || hasDecision(decision.group(1));
  }

  @Test
  void every_test_and_vector_and_decision_that_a_document_names_is_there() throws Exception {
    Map<String, Set<String>> tests = tests();
    for (String document : List.of("security.md", "guarantees.md")) {
      Set<String> missing = new TreeSet<>();
      int named = 0;
      Matcher quoted = QUOTED.matcher(Files.readString(DOCS.resolve(document)));
      while (quoted.find()) {
        String text = quoted.group(1).replaceAll("\\s+", " ");
        named++;
        if (!isThere(text, tests)) missing.add(text);
      }
      assertEquals(Set.of(), missing, document);
      assertFalse(named < 10, document);
    }
  }
}
