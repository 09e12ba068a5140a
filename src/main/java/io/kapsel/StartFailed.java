package io.kapsel;

import io.kapsel.core.webhook.ErrorCode;
import java.net.BindException;
import org.jspecify.annotations.Nullable;

/** Why the service cannot start, in one line for its operator. */
public final class StartFailed extends Exception {
  private static final long serialVersionUID = 1L;

  private StartFailed(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  static StartFailed of(ErrorCode code, String detail, Throwable cause) {
    return new StartFailed(code.code() + " " + code.name() + ": " + detail, cause);
  }

  static StartFailed because(Throwable cause) {
    return new StartFailed("Kapsel cannot start: " + cause.getMessage(), cause);
  }

  static boolean isBindFailure(@Nullable Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause())
      if (cause instanceof BindException) return true;
    return failure != null && String.valueOf(failure.getMessage()).contains("Bind failed");
  }
}
