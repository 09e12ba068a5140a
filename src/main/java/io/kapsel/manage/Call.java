package io.kapsel.manage;

import com.fasterxml.jackson.databind.JsonNode;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Rejection;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.http.ProblemResponse;
import io.kapsel.http.RequestHead;
import io.kapsel.http.Response;
import io.kapsel.json.Problem;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * A request that may be carried out, except that its content is not judged yet.
 *
 * @param ids what the placeholders of the route's template stand for, in order
 * @param body an empty object when there is none
 * @param requestId names the call in its answer and in the log
 */
record Call(
    Caller caller,
    RequestHead head,
    List<String> ids,
    Query query,
    JsonNode body,
    String requestId) {

  /** Of a route that only tenants reach. */
  TenantId tenant() {
    if (caller instanceof Caller.OfTenant tenant) return tenant.tenant();
    throw new IllegalStateException("the route lets the operator in: " + head.path());
  }

  /** Whose resources the call sees, as text. */
  String owner() {
    return switch (caller) {
      case Caller.Operator operator -> "operator";
      case Caller.OfTenant tenant -> tenant.tenant().toString();
    };
  }

  String id() {
    return ids.getFirst();
  }

  Response reject(Rejection rejection) {
    return ProblemResponse.of(rejection, requestId);
  }

  Response reject(ErrorCode code, String detail) {
    return reject(Rejection.of(code, detail));
  }

  Response reject(List<Problem> problems) {
    return ProblemResponse.of(problems, requestId);
  }

  /** The same for what never existed and for what belongs to somebody else. */
  Response notFound() {
    return reject(Rejection.of(ErrorCode.NOT_FOUND));
  }

  static CompletionStage<Response> now(Response response) {
    return CompletableFuture.completedFuture(response);
  }
}
