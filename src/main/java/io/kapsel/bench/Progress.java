package io.kapsel.bench;

import java.io.PrintStream;
import java.time.Duration;
import java.util.function.LongSupplier;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Shows on a terminal how far a phase is; elsewhere it only names the phase. */
final class Progress {
  private static final int WIDTH = 100;
  private static final int UPDATE_MILLIS = 500;

  private final Thread ticker;

  private Progress(Thread ticker) {
    this.ticker = ticker;
  }

  /**
   * On JDK 22 to 24 there is always a console, and the bar may be drawn into a file.
   *
   * @param reached of {@code most}, asked now and then from another thread
   */
  @SuppressWarnings("SystemConsoleNull")
  static Progress of(PrintStream out, String phase, long most, LongSupplier reached) {
    if (System.console() == null) {
      out.println(phase + " …");
      return new Progress(Thread.ofPlatform().daemon().start(() -> {}));
    }
    return new Progress(Thread.ofPlatform().daemon().start(() -> show(out, phase, most, reached)));
  }

  /** A phase of known length. */
  static Progress of(PrintStream out, String phase, long millis) {
    long start = System.nanoTime();
    return of(
        out,
        phase,
        millis / 1_000,
        () -> Math.min(millis / 1_000, (System.nanoTime() - start) / 1_000_000_000));
  }

  private static void show(PrintStream out, String phase, long most, LongSupplier reached) {
    try (ProgressBar bar =
        new ProgressBarBuilder()
            .setTaskName(phase)
            .setInitialMax(most)
            .setStyle(ProgressBarStyle.ASCII)
            .setUpdateIntervalMillis(UPDATE_MILLIS)
            .setConsumer(new ConsoleProgressBarConsumer(out, WIDTH))
            .build()) {
      while (true) {
        bar.stepTo(reached.getAsLong());
        Thread.sleep(Duration.ofMillis(UPDATE_MILLIS));
      }
    } catch (InterruptedException done) {
      Thread.currentThread().interrupt();
    }
  }

  void end() {
    ticker.interrupt();
    try {
      ticker.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
