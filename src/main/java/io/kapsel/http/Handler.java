package io.kapsel.http;

import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** What is behind the HTTP server. Called on the connection's thread, which must not be blocked. */
@FunctionalInterface
public interface Handler {
  /** What becomes of a request whose head was read. */
  sealed interface Admission {
    /** The body may come, up to a limit; then the request is answered. */
    record Read(int bodyBytesMax, Answer answer) implements Admission {}

    /** The response is given without reading the body; the connection closes if there is one. */
    record Refuse(Response response) implements Admission {}

    /** Not known yet. */
    record Later(CompletionStage<Admission> admission) implements Admission {}
  }

  /** Answers a complete request; must not block either. */
  @FunctionalInterface
  interface Answer {
    CompletionStage<Response> to(Request request);
  }

  /**
   * @param remoteAddress the peer's address, null when unknown
   */
  Admission admit(RequestHead head, @Nullable String remoteAddress);
}
