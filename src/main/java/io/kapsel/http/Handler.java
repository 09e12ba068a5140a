package io.kapsel.http;

import java.util.concurrent.CompletionStage;

/**
 * What is behind the HTTP server. Both methods are called on the connection's thread and must not
 * block it.
 */
public interface Handler {
  /** What becomes of a request whose head was read. */
  sealed interface Admission {
    /** The body may come, up to a limit. */
    record Read(int bodyBytesMax) implements Admission {}

    /** The response is given without reading the body; the connection closes if there is one. */
    record Refuse(Response response) implements Admission {}

    /** Not known yet. */
    record Later(CompletionStage<Admission> admission) implements Admission {}
  }

  Admission admit(RequestHead head);

  CompletionStage<Response> answer(Request request);
}
