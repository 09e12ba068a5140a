package io.kapsel.simulation.world;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.core.AppenderBase;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Logging inside the world: synchronously into the trace, at a level that no option changes,
 * because what is logged must never change the schedule.
 */
final class WorldLog {
  private static boolean installed;

  private WorldLog() {}

  static void install() {
    if (installed) return;
    installed = true;
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    context.reset();
    ToTrace appender = new ToTrace();
    appender.setContext(context);
    appender.start();
    Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    root.setLevel(Level.WARN);
    root.addAppender(appender);
  }

  static void record(boolean error, String logger, String message, @Nullable Throwable cause) {
    World world = World.here();
    if (world == null) return;
    world.logged(error, logger, cause == null ? message : message + ": " + describe(cause));
  }

  /** The chain of causes without stack traces: those differ between JDKs. */
  private static String describe(Throwable thrown) {
    StringBuilder text = new StringBuilder();
    Throwable cause = thrown;
    for (int i = 0; i < 5 && cause != null; i++, cause = cause.getCause()) {
      if (i > 0) text.append(" <- ");
      text.append(cause.getClass().getSimpleName()).append(": ").append(cause.getMessage());
    }
    return text.toString();
  }

  private static final class ToTrace extends AppenderBase<ILoggingEvent> {
    @Override
    protected void append(ILoggingEvent event) {
      World world = World.here();
      if (world == null) return;
      StringBuilder message = new StringBuilder(event.getFormattedMessage());
      IThrowableProxy cause = event.getThrowableProxy();
      for (int i = 0; i < 5 && cause != null; i++, cause = cause.getCause()) {
        String type = cause.getClassName();
        message.append(i == 0 ? ": " : " <- ").append(type.substring(type.lastIndexOf('.') + 1));
        message.append(": ").append(cause.getMessage());
      }
      boolean error = event.getLevel().isGreaterOrEqual(Level.ERROR);
      world.logged(error, event.getLoggerName(), message.toString());
    }
  }
}
