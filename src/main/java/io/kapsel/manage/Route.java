package io.kapsel.manage;

import io.kapsel.http.Response;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * One operation of the management API.
 *
 * @param template path with placeholders, such as {@code /v1/events/{id}}
 * @param anyAnswer whether the answer may have another form than JSON
 */
record Route(
    String method,
    String template,
    Access access,
    Input input,
    boolean anyAnswer,
    Operation operation) {

  /** What the body of a request is. */
  enum Input {
    /** Not read. */
    NONE,
    /** JSON or nothing. */
    OPTIONAL,
    JSON,
    /** JSON that changes what is there (RFC 7396). */
    MERGE_PATCH
  }

  /** Must not block. May fail as the storage and the actors do. */
  @FunctionalInterface
  interface Operation {
    CompletionStage<Response> run(Call call);
  }

  static Route of(String method, String template, Access access, Input input, Operation operation) {
    return new Route(method, template, access, input, false, operation);
  }

  static Route get(String template, Access access, Operation operation) {
    return of("GET", template, access, Input.NONE, operation);
  }

  /** What the placeholders stand for; empty when the path is another one. */
  Optional<List<String>> match(String path) {
    String[] expected = template.split("/", -1);
    String[] actual = path.split("/", -1);
    if (expected.length != actual.length) return Optional.empty();
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < expected.length; i++) {
      if (expected[i].startsWith("{")) {
        if (actual[i].isEmpty()) return Optional.empty();
        ids.add(actual[i]);
      } else if (!expected[i].equals(actual[i])) {
        return Optional.empty();
      }
    }
    return Optional.of(ids);
  }
}
