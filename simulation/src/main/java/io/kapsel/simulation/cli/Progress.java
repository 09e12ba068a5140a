package io.kapsel.simulation.cli;

import java.io.PrintStream;
import java.io.PrintWriter;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/**
 * How far a long command is: a bar on a terminal, otherwise a line now and then. Always apart from
 * the results: on the standard error.
 */
final class Progress implements AutoCloseable {
  private static final long LINE_EVERY_NANOS = 15_000_000_000L;
  private static final int COLUMNS_MAX = 110;

  private final String what;
  private final long total;
  private final PrintWriter err;
  private final @Nullable ProgressBar bar;
  private long printedNanos = System.nanoTime();

  /**
   * @param total in steps of what is counted, -1 when unknown
   * @param isTerminal whether a bar makes sense
   */
  Progress(String what, long total, boolean isTerminal, PrintWriter err) {
    this.what = what;
    this.total = total;
    this.err = err;
    this.bar = isTerminal ? bar(what, total) : null;
  }

  static boolean onTerminal() {
    return Boolean.getBoolean("kapsel.terminal");
  }

  private static ProgressBar bar(String what, long total) {
    return new ProgressBarBuilder()
        .setTaskName(what)
        .setInitialMax(total)
        .setStyle(ProgressBarStyle.ASCII)
        .setUpdateIntervalMillis(200)
        .setMaxRenderedLength(COLUMNS_MAX)
        .setConsumer(new ConsoleProgressBarConsumer(new PrintStream(System.err), COLUMNS_MAX))
        .clearDisplayOnFinish()
        .build();
  }

  synchronized void at(long done, String brief) {
    if (bar != null) {
      bar.stepTo(done);
      bar.setExtraMessage(brief);
      return;
    }
    if (System.nanoTime() - printedNanos < LINE_EVERY_NANOS) return;
    printedNanos = System.nanoTime();
    err.println(what + " " + done + (total > 0 ? " of " + total : "") + ": " + brief);
    err.flush();
  }

  /** A line that stays, above the bar. */
  synchronized void say(PrintWriter out, String line) {
    if (bar != null) System.err.print("\r\u001b[2K");
    out.println(line);
    out.flush();
  }

  @Override
  public void close() {
    if (bar != null) bar.close();
  }
}
