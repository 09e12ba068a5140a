package io.kapsel;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The launcher as a process, in a checkout with a Maven and JDKs that only say what they are asked.
 */
class LauncherTest {
  private static final String JAVA =
      """
      #!/bin/bash
      for word in "$@"; do
        case "$word" in -XX:AOTCacheOutput=*|-XX:ArchiveClassesAtExit=*) recording="${word#*=}" ;; esac
      done
      if [ -n "${recording:-}" ]; then
        echo "training $*" >>"$LOG"
        [ -z "${TRAINING_FAILS:-}" ] || exit 1
        echo classes >"$recording"
        exit 0
      fi
      echo "jdk $(cd "$(dirname "$0")/.." && pwd)"
      echo "process $$"
      echo "directory $PWD"
      for word in "$@"; do echo "word $word"; done
      """;

  private static final String MAVEN =
      """
      #!/bin/bash
      echo "mvn $* with $JAVA_HOME in $PWD" >>"$LOG"
      [ -z "${BUILD_FAILS:-}" ] || exit 1
      mkdir -p src/target/lib simulation/target
      echo "jar ${CONTENT:-}" >src/target/kapsel.jar
      echo "jar ${CONTENT:-}" >simulation/target/kapsel-simulation.jar
      """;

  private static final List<String> TOOLS =
      List.of(
          "awk",
          "bash",
          "cat",
          "cmp",
          "cp",
          "dirname",
          "env",
          "find",
          "flock",
          "getconf",
          "id",
          "ln",
          "mkdir",
          "mv",
          "nproc",
          "readlink",
          "rm",
          "sed",
          "stat",
          "timeout",
          "touch");

  @TempDir Path directory;
  private Path checkout;
  private Path bin;
  private Path jdks;
  private Path log;

  @BeforeEach
  void make_a_checkout() throws IOException {
    checkout = Files.createDirectories(directory.resolve("check out"));
    bin = Files.createDirectories(directory.resolve("bin"));
    jdks = Files.createDirectories(directory.resolve("jdks"));
    log = directory.resolve("log");
    Files.createDirectories(checkout.resolve("src/main/java"));
    Files.writeString(checkout.resolve("pom.xml"), "");
    Files.writeString(checkout.resolve("src/pom.xml"), "");
    Files.copy(
        Path.of("../kapsel"), checkout.resolve("kapsel"), StandardCopyOption.COPY_ATTRIBUTES);
    script(bin.resolve("mvn"), MAVEN);
    for (String tool : TOOLS)
      for (String folder : List.of("/usr/bin/", "/bin/"))
        if (Files.isExecutable(Path.of(folder, tool)))
          script(bin.resolve(tool), "#!/bin/bash\nexec " + folder + tool + " \"$@\"\n");
  }

  @Nested
  class TheJdk {
    @Test
    void is_the_newest_that_can_be_found() throws Exception {
      jdk("old", "17.0.15");
      Path newest = jdk("newest", "98.0.1");
      jdk("middle", "97");
      assertEquals(newest.toString(), run("version").value("jdk"));
    }

    @Test
    void is_that_of_java_home_when_it_is_new_enough() throws Exception {
      jdk("newest", "98.0.1");
      Path chosen = jdk("chosen", "21.0.2");
      assertEquals(
          chosen.toString(), run(Map.of("JAVA_HOME", chosen.toString()), "version").value("jdk"));
      Path old = jdk("old", "1.8.0_402");
      assertEquals(
          jdks.resolve("newest").toString(),
          run(Map.of("JAVA_HOME", old.toString()), "version").value("jdk"));
    }

    @Test
    void is_found_beside_an_older_one_on_the_path() throws Exception {
      Path old = jdk("old", "17.0.15");
      for (String name : List.of("java", "javac"))
        Files.createSymbolicLink(bin.resolve(name), old.resolve("bin").resolve(name));
      Path newer = jdk("newer", "21");
      assertEquals(newer.toString(), run("version").value("jdk"));
    }

    @Test
    void is_asked_for_when_there_is_none() throws Exception {
      Path old = jdk("old", "17.0.15");
      Ran ran = run("serve");
      assertEquals(1, ran.exit);
      assertTrue(ran.err.contains("needs a JDK 21 or newer and found " + old + " (17)"), ran.err);
      assertTrue(ran.err.contains("apt install"), ran.err);
      assertFalse(Files.exists(log), "nothing was built");
    }

    @Test
    void is_not_a_runtime_without_compiler() throws Exception {
      Path runtime = jdk("runtime", "98");
      Files.delete(runtime.resolve("bin/javac"));
      assertEquals(1, run("version").exit);
    }
  }

  @Nested
  class Building {
    @BeforeEach
    void with_a_jdk() throws IOException {
      jdk("some", "98");
    }

    @Test
    void happens_once() throws Exception {
      assertEquals(0, run("version").exit);
      assertEquals(0, run("config").exit);
      assertEquals(1, builds());
      assertTrue(
          Files.readString(log).contains(" -pl src -am package with " + jdks.resolve("some")),
          Files.readString(log));
    }

    @ParameterizedTest
    @CsvSource({"src/main/java", "src/main/java/New.java", "src/pom.xml", "pom.xml"})
    void happens_again_when_something_is_newer(String changed) throws Exception {
      run("version");
      Path path = checkout.resolve(changed);
      if (!Files.exists(path)) Files.writeString(path, "");
      Files.setLastModifiedTime(path, FileTime.from(Instant.now().plusSeconds(2)));
      assertEquals(0, run("version").exit);
      assertEquals(2, builds());
    }

    @Test
    void that_fails_ends_the_start() throws Exception {
      Ran ran = run(Map.of("BUILD_FAILS", "1"), "serve");
      assertEquals(1, ran.exit);
      assertTrue(ran.err.contains("the build failed"), ran.err);
      assertEquals("", ran.out);
    }

    @Test
    void asks_for_maven() throws Exception {
      Files.delete(bin.resolve("mvn"));
      Ran ran = run("serve");
      assertEquals(1, ran.exit);
      assertTrue(ran.err.contains("Maven is missing"), ran.err);
    }

    @Test
    void leaves_the_jar_of_a_running_service_alone() throws Exception {
      run("version");
      Path copy = checkout.resolve("src/target/run/kapsel.jar");
      Object before = Files.readAttributes(copy, "unix:ino,lastModifiedTime");
      later(checkout.resolve("pom.xml"));
      run("version");
      assertEquals(before, Files.readAttributes(copy, "unix:ino,lastModifiedTime"));
      later(checkout.resolve("src/pom.xml"));
      run(Map.of("CONTENT", "changed"), "version");
      assertEquals(3, builds());
      assertEquals("jar changed\n", Files.readString(copy));
    }

    @Test
    void is_refused_where_nothing_may_be_written() throws Exception {
      assumeTrue(!"root".equals(System.getProperty("user.name")), "root may write everywhere");
      Path target = Files.createDirectories(checkout.resolve("src/target"));
      Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("r-xr-xr-x"));
      Ran ran = run("serve");
      assertEquals(1, ran.exit);
      assertTrue(ran.err.contains("may not write to " + target), ran.err);
    }
  }

  @Nested
  class Running {
    @BeforeEach
    void with_a_jdk() throws IOException {
      jdk("some", "98");
    }

    @Test
    void replaces_the_launcher_so_that_signals_arrive() throws Exception {
      Ran ran = run("serve");
      assertEquals(Long.toString(ran.process), ran.value("process"));
    }

    @Test
    void works_from_anywhere_and_through_links() throws Exception {
      Path elsewhere = Files.createDirectories(directory.resolve("elsewhere"));
      Path link = Files.createSymbolicLink(directory.resolve("k"), checkout.resolve("kapsel"));
      Ran ran = run(elsewhere, link, Map.of(), "serve");
      assertEquals(elsewhere.toString(), ran.value("directory"));
      assertTrue(
          ran.words().contains(checkout.resolve("src/target/run/kapsel.jar").toString()), ran.out);
    }

    @Test
    void hands_arguments_on_unchanged() throws Exception {
      List<String> words = run("serve", "--data", "my data", "*", "").words();
      assertEquals(
          List.of("serve", "--data", "my data", "*", ""),
          words.subList(words.size() - 5, words.size()));
    }

    @Test
    void adds_the_options_of_the_user_last() throws Exception {
      List<String> words = run(Map.of("KAPSEL_JAVA_OPTS", "-Xmx99m -Da=b"), "serve").words();
      assertEquals(
          List.of("-Xmx99m", "-Da=b", "-jar"),
          words.subList(words.indexOf("-jar") - 2, words.indexOf("-jar") + 1));
      assertTrue(words.indexOf("-Xmx99m") > words.indexOf("-XX:+UseG1GC"), words::toString);
    }

    @Test
    void gives_the_common_pool_two_threads_at_least() throws Exception {
      script(bin.resolve("nproc"), "#!/bin/bash\necho 1\n");
      assertTrue(
          run("serve")
              .words()
              .contains("-Djava.util.concurrent.ForkJoinPool.common.parallelism=2"));
    }

    @Test
    void trains_once_for_each_build() throws Exception {
      List<String> words = run("serve").words();
      run("serve");
      assertEquals(1, trainings("train service"));
      assertTrue(
          words.contains("-XX:AOTCache=" + checkout.resolve("src/target/classes-service-98.cache")),
          words::toString);
      later(checkout.resolve("pom.xml"));
      run(Map.of("CONTENT", "changed"), "serve");
      assertEquals(2, trainings("train service"));
    }

    @Test
    void shares_classes_the_older_way_on_an_older_jdk() throws Exception {
      Path older = jdk("older", "21.0.1");
      List<String> words = run(Map.of("JAVA_HOME", older.toString()), "serve").words();
      assertTrue(
          words.contains(
              "-XX:SharedArchiveFile=" + checkout.resolve("src/target/classes-service-21.cache")),
          words::toString);
      assertFalse(words.contains("-XX:+UseCompactObjectHeaders"), words::toString);
    }

    @Test
    void goes_on_without_a_training_that_fails() throws Exception {
      Ran ran = run(Map.of("TRAINING_FAILS", "1"), "serve");
      assertEquals(0, ran.exit);
      assertTrue(ran.words().contains("serve"), ran.out);
      assertFalse(ran.out.contains("AOTCache"), ran.out);
      run(Map.of("TRAINING_FAILS", "1"), "serve");
      assertEquals(1, trainings("train service"));
    }
  }

  @Test
  void the_simulator_gets_its_agent_and_is_built_when_needed() throws Exception {
    jdk("some", "98");
    List<String> words = run("simulate", "replay", "7").words();
    Path target = checkout.resolve("simulation/target");
    assertTrue(
        words.contains("-javaagent:" + target.resolve("kapsel-simulation-agent.jar")),
        words::toString);
    assertTrue(words.contains("-XX:hashCode=2"), words::toString);
    assertTrue(words.contains("-Dkapsel.home=" + checkout), words::toString);
    assertEquals(
        List.of("-jar", target.resolve("kapsel-simulation.jar").toString(), "replay", "7"),
        words.subList(words.size() - 4, words.size()));
    run("simulate");
    assertEquals(1, builds());
    assertTrue(Files.readString(log).contains(" -pl simulation -am package"));
  }

  @Test
  void help_needs_nothing() throws Exception {
    Ran ran = run("help");
    assertEquals(0, ran.exit);
    for (String command :
        List.of("serve", "config", "listen", "send", "version", "test", "check", "simulate"))
      assertTrue(ran.out.contains("\n  " + command + " "), ran.out);
  }

  @Test
  void an_unknown_command_is_an_error() throws Exception {
    Ran ran = run("sreve");
    assertEquals(2, ran.exit);
    assertTrue(ran.err.startsWith("kapsel: there is no command 'sreve'"), ran.err);
  }

  private record Ran(int exit, long process, String out, String err) {
    String value(String name) {
      return lines(name).getFirst();
    }

    List<String> words() {
      return lines("word");
    }

    private List<String> lines(String name) {
      return out.lines()
          .filter(line -> line.startsWith(name + " "))
          .map(line -> line.substring(name.length() + 1))
          .toList();
    }
  }

  private Ran run(String... arguments) throws Exception {
    return run(Map.of(), arguments);
  }

  private Ran run(Map<String, String> environment, String... arguments) throws Exception {
    return run(directory, checkout.resolve("kapsel"), environment, arguments);
  }

  private Ran run(Path from, Path launcher, Map<String, String> environment, String... arguments)
      throws Exception {
    List<String> command = new ArrayList<>(List.of(launcher.toString()));
    command.addAll(List.of(arguments));
    Path out = directory.resolve("out");
    Path err = directory.resolve("err");
    var builder =
        new ProcessBuilder(command)
            .directory(from.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    builder.environment().clear();
    builder.environment().put("PATH", bin.toString());
    builder.environment().put("LOG", log.toString());
    builder.environment().put("KAPSEL_JDK_DIRS", jdks + "/*");
    builder.environment().putAll(environment);
    Process process = builder.start();
    assertTrue(process.waitFor(60, SECONDS), "the launcher hangs");
    return new Ran(
        process.exitValue(), process.pid(), Files.readString(out), Files.readString(err));
  }

  private long builds() throws IOException {
    return Files.readAllLines(log).stream().filter(line -> line.startsWith("mvn ")).count();
  }

  private long trainings(String what) throws IOException {
    return Files.readAllLines(log).stream()
        .filter(line -> line.startsWith("training ") && line.endsWith(what))
        .count();
  }

  private Path jdk(String name, String version) throws IOException {
    Path home = Files.createDirectories(jdks.resolve(name));
    Files.createDirectories(home.resolve("bin"));
    Files.writeString(home.resolve("release"), "JAVA_VERSION=\"" + version + "\"\n");
    script(home.resolve("bin/java"), JAVA);
    script(home.resolve("bin/javac"), "#!/bin/bash\n");
    return home;
  }

  /** Newer than whatever was built until now. */
  private static void later(Path path) throws IOException {
    Files.setLastModifiedTime(path, FileTime.from(Instant.now().plusMillis(50)));
  }

  private static void script(Path path, String text) throws IOException {
    Files.deleteIfExists(path);
    Files.writeString(path, text);
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
  }
}
