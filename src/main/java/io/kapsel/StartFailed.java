package io.kapsel;

import io.kapsel.core.webhook.ErrorCode;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import org.jspecify.annotations.Nullable;

/** Why the service cannot start, in one line for its operator. */
public final class StartFailed extends Exception {
  private static final long serialVersionUID = 1L;
  private static final int EXIT_FAILED = 1;

  private final int exitCode;

  private StartFailed(String message, int exitCode, @Nullable Throwable cause) {
    super(message, cause);
    this.exitCode = exitCode;
  }

  static StartFailed of(ErrorCode code, String detail, Throwable cause) {
    return new StartFailed(code.code() + " " + code.name() + ": " + detail, EXIT_FAILED, cause);
  }

  /** What the operator gave cannot be used; said like any other problem of the configuration. */
  static StartFailed misconfigured(ErrorCode code, String detail) {
    return new StartFailed(code.code() + " " + detail, ServeCommand.EXIT_CONFIG, null);
  }

  static StartFailed because(Throwable cause) {
    String detail =
        switch (cause) {
          case AccessDeniedException denied ->
              "no permission for " + denied.getFile() + "; --data chooses another directory";
          // Its message may be nothing but the file's name.
          case FileSystemException failed -> failed.toString();
          default -> String.valueOf(cause.getMessage());
        };
    return new StartFailed("Kapsel cannot start: " + detail, EXIT_FAILED, cause);
  }

  int exitCode() {
    return exitCode;
  }
}
