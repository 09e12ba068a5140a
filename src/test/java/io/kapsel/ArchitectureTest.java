package io.kapsel;

import static java.util.stream.Collectors.joining;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.AccessTarget.CodeUnitAccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Which package may know which, and what the deterministic part of Kapsel must never touch. */
class ArchitectureTest {
  private static final String ROOT = "io.kapsel";

  /**
   * The package under io.kapsel, and the other packages under io.kapsel it may use; "core" stands
   * for all of core. The root package wires everything and may use everything. Whoever adds a
   * package or a dependency writes it here and in docs/architecture.md.
   */
  private static final Map<String, Set<String>> MAY_USE =
      Map.ofEntries(
          Map.entry("core.limit", Set.of()),
          Map.entry("core.webhook", Set.of("core.limit")),
          Map.entry("core.endpoint", Set.of("core.webhook")),
          Map.entry("core.ledger", Set.of("core.webhook")),
          Map.entry("config", Set.of("core")),
          Map.entry("json", Set.of("core")),
          Map.entry("http", Set.of("core", "json")),
          Map.entry("storage", Set.of("core", "config")),
          Map.entry("secrets", Set.of("core")),
          Map.entry("deliver", Set.of("core", "config", "json", "storage")),
          Map.entry("endpoint", Set.of("core", "config", "json", "deliver", "secrets", "storage")),
          Map.entry("limit", Set.of("core", "storage")),
          Map.entry("redis", Set.of("core", "limit")),
          Map.entry(
              "ingest", Set.of("core", "config", "json", "http", "endpoint", "limit", "storage")),
          Map.entry("metrics", Set.of("core", "endpoint")),
          Map.entry("manage", Set.of("core", "config", "json", "http", "endpoint", "storage")),
          Map.entry(
              "node",
              Set.of("core", "config", "deliver", "endpoint", "ingest", "limit", "storage")),
          Map.entry("bench", Set.of("core")),
          Map.entry("cli", Set.of("core", "config")));

  /** What core may use beyond itself. Not on the list: Akka, SQL, logging, threads, sockets. */
  private static final List<String> CORE_MAY_USE =
      List.of(
          "java.io",
          "java.lang",
          "java.lang.invoke",
          "java.lang.runtime",
          "java.math",
          "java.net",
          "java.nio",
          "java.nio.charset",
          "java.security",
          "java.security.spec",
          "java.text",
          "java.time",
          "java.time.format",
          "java.time.temporal",
          "java.util",
          "java.util.function",
          "java.util.random",
          "java.util.regex",
          "java.util.stream",
          "javax.crypto",
          "javax.crypto.spec",
          "com.google.errorprone.annotations",
          "com.fasterxml.jackson.core",
          "org.jspecify.annotations",
          "org.pcollections");

  /** Packages in which time and chance come in as arguments, so that a seed replays them. */
  private static final List<String> DETERMINISTIC = List.of("core", "endpoint", "limit", "secrets");

  /** Libraries, and the one package under io.kapsel that knows each. */
  private static final Map<String, String> ONLY_IN =
      Map.of("io.netty", "http", "io.lettuce", "redis");

  private static final JavaClasses PRODUCTION =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(ROOT);

  @Test
  void every_package_uses_only_what_the_table_allows() {
    var problems = new TreeSet<String>();
    for (JavaClass type : PRODUCTION) {
      String from = folder(type);
      if (from.isEmpty()) continue;
      Set<String> allowed = MAY_USE.get(from);
      if (allowed == null) {
        problems.add("package " + from + " is not in the table");
        continue;
      }
      for (JavaClass other : used(type)) {
        if (!isOurs(other)) continue;
        String to = folder(other);
        if (!to.equals(from) && allowed.stream().noneMatch(each -> isWithin(to, each)))
          problems.add(type.getName() + " uses " + other.getName());
      }
    }
    assertTrue(problems.isEmpty(), () -> String.join("\n", problems));
  }

  @Test
  void core_is_pure() {
    var problems = new TreeSet<String>();
    for (JavaClass type : PRODUCTION)
      if (isWithin(folder(type), "core")) problems.addAll(impurities(type));
    assertTrue(problems.isEmpty(), () -> String.join("\n", problems));
  }

  @Test
  void a_library_stays_in_the_package_that_hides_it() {
    var problems = new TreeSet<String>();
    for (JavaClass type : PRODUCTION) problems.addAll(strays(type));
    assertTrue(problems.isEmpty(), () -> String.join("\n", problems));
  }

  @Test
  void time_and_chance_come_in_as_arguments() {
    var problems = new ArrayList<String>();
    for (JavaClass type : PRODUCTION)
      if (DETERMINISTIC.stream().anyMatch(each -> isWithin(folder(type), each)))
        problems.addAll(banned(type, ArchitectureTest::isAmbient));
    assertTrue(problems.isEmpty(), () -> String.join("\n", problems));
  }

  /** With two cores the default executor starts a thread for each stage: docs/architecture.md. */
  @Test
  void no_stage_runs_on_the_default_executor() {
    var problems = new ArrayList<String>();
    for (JavaClass type : PRODUCTION)
      problems.addAll(banned(type, ArchitectureTest::isOnDefaultExecutor));
    assertTrue(problems.isEmpty(), () -> String.join("\n", problems));
  }

  @Test
  void the_rules_see_what_they_forbid() {
    JavaClasses fixtures =
        new ClassFileImporter().importClasses(Ambient.class, Impure.class, Stray.class);
    JavaClass ambient = fixtures.get(Ambient.class);
    assertEquals(
        declaredMethods(ambient),
        banned(ambient, target -> isAmbient(target) || isOnDefaultExecutor(target)).stream()
            .map(line -> line.substring(0, line.indexOf(' ')))
            .distinct()
            .count());
    assertFalse(impurities(fixtures.get(Impure.class)).isEmpty());
    assertEquals(ONLY_IN.size(), strays(fixtures.get(Stray.class)).size());
    assertFalse(PRODUCTION.isEmpty());
  }

  private static boolean isAmbient(CodeUnitAccessTarget target) {
    String owner = target.getOwner().getName();
    String name = target.getName();
    return switch (owner) {
      case "java.lang.System" ->
          Set.of("nanoTime", "currentTimeMillis", "identityHashCode", "getenv", "getProperty")
              .contains(name);
      case "java.lang.Math", "java.lang.StrictMath" -> name.equals("random");
      case "java.lang.Thread" ->
          Set.of("sleep", "<init>", "start", "startVirtualThread", "onSpinWait").contains(name);
      case "java.util.UUID" -> name.equals("randomUUID");
      case "java.util.Random", "java.security.SecureRandom", "java.util.SplittableRandom" ->
          name.equals("<init>");
      case "java.util.concurrent.ThreadLocalRandom" -> true;
      case "java.util.random.RandomGenerator" -> name.equals("getDefault") || name.equals("of");
      case "java.time.Clock", "java.time.InstantSource" -> name.startsWith("system");
      case "java.util.Map", "java.util.Set" ->
          name.equals("of") || name.equals("ofEntries") || name.equals("copyOf");
      case "java.util.stream.Collectors" ->
          name.equals("toUnmodifiableSet") || name.equals("toUnmodifiableMap");
      case "java.util.concurrent.Executors" -> true;
      default ->
          name.equals("parallelStream")
              || (name.equals("parallel") && owner.startsWith("java.util.stream."))
              || (name.equals("now") && owner.startsWith("java.time."));
    };
  }

  private static boolean isOnDefaultExecutor(CodeUnitAccessTarget target) {
    return Set.of("java.util.concurrent.CompletableFuture", "java.util.concurrent.CompletionStage")
            .contains(target.getOwner().getName())
        && target.getName().endsWith("Async")
        && target.getRawParameterTypes().stream()
            .noneMatch(type -> type.getName().equals("java.util.concurrent.Executor"));
  }

  private interface Ban {
    boolean forbids(CodeUnitAccessTarget target);
  }

  /** One line for each forbidden call or method reference: "method calls target at place". */
  private static List<String> banned(JavaClass type, Ban ban) {
    return Stream.concat(
            type.getCodeUnitCallsFromSelf().stream(), type.getCodeUnitReferencesFromSelf().stream())
        .filter(access -> ban.forbids(access.getTarget()))
        .map(ArchitectureTest::line)
        .toList();
  }

  private static String line(JavaAccess<? extends CodeUnitAccessTarget> access) {
    JavaCodeUnit origin = access.getOrigin();
    return "%s uses %s in %s %s"
        .formatted(
            origin.getName(),
            access.getTarget().getFullName(),
            origin.getOwner().getName(),
            access.getSourceCodeLocation());
  }

  private static Set<String> impurities(JavaClass type) {
    return used(type).stream()
        .filter(other -> !isOurs(other) && !CORE_MAY_USE.contains(other.getPackageName()))
        .map(other -> type.getName() + " uses " + other.getName())
        .collect(TreeSet::new, Set::add, Set::addAll);
  }

  private static Set<String> strays(JavaClass type) {
    var strays = new TreeSet<String>();
    for (JavaClass other : used(type))
      ONLY_IN.forEach(
          (library, home) -> {
            if (isWithin(other.getPackageName(), library) && !isWithin(folder(type), home))
              strays.add(type.getName() + " uses " + other.getName());
          });
    return strays;
  }

  private static List<JavaClass> used(JavaClass type) {
    return type.getDirectDependenciesFromSelf().stream()
        .map(dependency -> dependency.getTargetClass().getBaseComponentType())
        .filter(other -> !other.isPrimitive())
        .distinct()
        .toList();
  }

  private static boolean isOurs(JavaClass type) {
    return isWithin(type.getPackageName(), ROOT);
  }

  private static String folder(JavaClass type) {
    String name = type.getPackageName();
    return name.equals(ROOT) ? "" : name.substring(ROOT.length() + 1);
  }

  private static boolean isWithin(String folder, String parent) {
    return folder.equals(parent) || folder.startsWith(parent + ".");
  }

  private static long declaredMethods(JavaClass type) {
    return type.getMethods().stream().filter(method -> !method.getName().contains("$")).count();
  }

  /** Every method does one forbidden thing. */
  @SuppressWarnings("unused")
  private static final class Ambient {
    Instant now() {
      return Instant.now();
    }

    Supplier<Instant> nowByReference() {
      return Instant::now;
    }

    Instant nowInLambda(Optional<Instant> time) {
      return time.orElseGet(() -> Instant.now().plusSeconds(1));
    }

    long nanos() {
      return System.nanoTime();
    }

    long millis() {
      return System.currentTimeMillis();
    }

    Random random() {
      return new Random(1);
    }

    double mathRandom() {
      return Math.random();
    }

    UUID uuid() {
      return UUID.randomUUID();
    }

    int threadLocal() {
      return ThreadLocalRandom.current().nextInt();
    }

    void sleep() throws InterruptedException {
      Thread.sleep(1);
    }

    CompletableFuture<Void> async() {
      return CompletableFuture.runAsync(() -> {});
    }

    CompletableFuture<Integer> stageAsync(CompletableFuture<Integer> stage) {
      return stage.thenApplyAsync(each -> each + 1);
    }

    Stream<String> parallel(Collection<String> names) {
      return names.parallelStream();
    }

    Map<String, String> mapOf() {
      return Map.of("a", "b");
    }

    Set<String> setOf() {
      return Set.of("a");
    }

    Map<String, String> copyOf() {
      return Map.copyOf(new HashMap<>());
    }
  }

  @SuppressWarnings("unused")
  private static final class Impure {
    private final Class<?> logger = org.slf4j.Logger.class;
    private final String text = Stream.of("a").collect(joining());
  }

  @SuppressWarnings("unused")
  private static final class Stray {
    private final Class<?> buffer = io.netty.buffer.ByteBuf.class;
    private final Class<?> client = io.lettuce.core.RedisClient.class;
  }
}
