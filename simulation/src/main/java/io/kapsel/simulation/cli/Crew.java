package io.kapsel.simulation.cli;

import io.kapsel.simulation.report.ScenarioFile;
import io.kapsel.simulation.scenario.Scenario;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The JVMs of a campaign and one thread for each. A JVM that dies, or takes too long over one seed,
 * is a finding; it is replaced.
 */
final class Crew {
  /** Of real time, for one run: a hundred times what a long one takes. */
  private static final Duration RUN_MAX = Duration.ofMinutes(10);

  /** Exit codes of a JVM that SIGINT or SIGTERM ended. */
  private static final Set<Integer> INTERRUPTED = Set.of(130, 143);

  /** A run that is to be played. */
  record Job(Worker.Order order, Scenario scenario) {}

  /** Where the crew's work comes from and goes to; called from all of its threads. */
  interface Work {
    /**
     * @param member which JVM asks, from 0
     * @return empty when there is nothing left for it
     */
    Optional<Job> next(int member);

    void done(int member, Job job, Summary summary);
  }

  private final Places places;
  private final String commit;
  private final Work work;
  private final List<Thread> threads = new ArrayList<>();
  private final List<Member> members = new ArrayList<>();
  private volatile boolean stopped;

  Crew(int size, Places places, String commit, Work work) {
    this.places = places;
    this.commit = commit;
    this.work = work;
    for (int i = 0; i < size; i++) members.add(new Member(i));
  }

  /** Returns when all work is done, or when somebody has had enough. */
  void work() throws InterruptedException {
    Interruption interruption = new Interruption(this::stop);
    for (Member member : members) {
      Thread thread = new Thread(member::work, "jvm-" + member.number);
      threads.add(thread);
      thread.start();
    }
    for (Thread thread : threads) thread.join();
    interruption.over();
  }

  private void stop() {
    stopped = true;
    for (Member member : members) member.dismiss();
  }

  /** One JVM, or the one that replaced it. */
  private final class Member {
    private final int number;
    private volatile @Nullable Child child;

    Member(int number) {
      this.number = number;
    }

    void work() {
      for (Optional<Job> job = next(); job.isPresent(); job = next()) {
        Optional<Summary> summary = play(job.get());
        if (summary.isEmpty()) break;
        work.done(number, job.get(), summary.get());
      }
      dismiss();
    }

    private Optional<Job> next() {
      return stopped ? Optional.empty() : work.next(number);
    }

    /** Empty when the run was stopped from outside, which says nothing about it. */
    private Optional<Summary> play(Job job) {
      try {
        Child playing = child;
        if (playing == null) {
          playing = new Child(Jvm.start(Worker.class, List.of(places.absolute(), commit)));
          child = playing;
        }
        Optional<String> answer = playing.ask(job);
        if (answer.isPresent()) return answer.map(Summary::parse);
        child = null;
        String epitaph = playing.epitaph();
        if (stopped || playing.wasInterrupted()) return Optional.empty();
        return Optional.of(Summary.crashed(job.scenario().seed(), epitaph));
      } catch (IOException e) {
        return Optional.of(Summary.crashed(job.scenario().seed(), "No JVM could be started: " + e));
      }
    }

    void dismiss() {
      Child last = child;
      if (last != null) last.process.destroyForcibly();
    }
  }

  private static final class Child {
    private final Process process;
    private final BufferedWriter orders;
    private final BufferedReader answers;
    private final AtomicBoolean isLate = new AtomicBoolean();

    Child(Process process) {
      this.process = process;
      this.orders =
          new BufferedWriter(
              new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8));
      this.answers =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    /** Empty when the JVM is gone. */
    Optional<String> ask(Job job) {
      Thread watch = Thread.ofVirtual().start(this::killWhenLate);
      try {
        orders.write(job.order() + " " + new ScenarioFile(job.scenario(), List.of()).line() + "\n");
        orders.flush();
        String line = answers.readLine();
        // The JVM's own last words come here as well.
        while (line != null && !line.startsWith("{")) line = answers.readLine();
        return Optional.ofNullable(line);
      } catch (IOException gone) {
        return Optional.empty();
      } finally {
        watch.interrupt();
      }
    }

    private void killWhenLate() {
      try {
        // By the second: neither a suspended machine nor a stopped campaign makes a run late.
        for (long second = 0; second < RUN_MAX.toSeconds(); second++) TimeUnit.SECONDS.sleep(1);
        isLate.set(true);
        process.destroyForcibly();
      } catch (InterruptedException answered) {
        Thread.currentThread().interrupt();
      }
    }

    /** Ctrl-C goes to the whole group of processes, and may reach this one first. */
    boolean wasInterrupted() {
      return !process.isAlive() && INTERRUPTED.contains(process.exitValue());
    }

    String epitaph() {
      if (isLate.get())
        return "The run did not end within " + RUN_MAX.toMinutes() + " minutes of real time.";
      try {
        process.waitFor(10, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      return "The JVM ended with exit code "
          + (process.isAlive() ? "?" : process.exitValue())
          + ".";
    }
  }
}
