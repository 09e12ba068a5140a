package io.kapsel.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Header;
import io.kapsel.core.webhook.Rejection;
import io.kapsel.json.Problem;
import io.kapsel.json.StrictJson;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Every error answer: {@code application/problem+json} (RFC 9457). The document depends on the
 * problem and the request id alone, so that two resources which must look the same do.
 */
public final class ProblemResponse {
  private static final int ERRORS_SHOWN_MAX = 100;

  private ProblemResponse() {}

  public static Response of(Rejection rejection, String requestId) {
    return of(
        rejection.code().status(),
        rejection.code(),
        rejection.detail(),
        rejection.retryAfterSeconds(),
        rejection.violated(),
        List.of(),
        requestId);
  }

  public static Response of(Refusal refusal, String requestId) {
    return of(
        refusal.status(),
        refusal.code(),
        refusal.detail(),
        0,
        Optional.empty(),
        List.of(),
        requestId);
  }

  /** At least one problem; the first one gives the code of the whole. */
  public static Response of(List<Problem> problems, String requestId) {
    ErrorCode code = problems.getFirst().code();
    String detail =
        problems.size() == 1
            ? "One field is not acceptable."
            : problems.size() + " fields are not acceptable.";
    return of(code.status(), code, detail, 0, Optional.empty(), problems, requestId);
  }

  private static Response of(
      int status,
      ErrorCode code,
      String detail,
      int retryAfterSeconds,
      Optional<Rejection.Policy> violated,
      List<Problem> problems,
      String requestId) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("type", "urn:kapsel:problem:" + code.code());
    node.put("title", code.title());
    node.put("status", status);
    node.put("detail", detail);
    node.put("instance", "urn:kapsel:request:" + requestId);
    node.put("code", code.code());
    node.put("name", code.name());
    node.put("retryable", code.retryable());
    node.put("request_id", requestId);
    violated.ifPresent(policy -> node.putArray("violated-policies").add(policy.name()));
    if (!problems.isEmpty()) {
      ArrayNode errors = node.putArray("errors");
      for (Problem problem : problems.subList(0, Math.min(problems.size(), ERRORS_SHOWN_MAX))) {
        ObjectNode error = errors.addObject();
        error.put("pointer", problem.pointer());
        error.put("code", problem.code().code());
        error.put("detail", problem.detail());
      }
    }
    List<Header> headers = new ArrayList<>();
    headers.add(new Header("Content-Type", "application/problem+json"));
    headers.add(new Header("Cache-Control", "no-store"));
    headers.add(new Header(RequestIds.HEADER, requestId));
    if (retryAfterSeconds > 0) {
      headers.add(new Header("Retry-After", Integer.toString(retryAfterSeconds)));
    }
    violated.ifPresent(policy -> rateLimit(headers, policy, retryAfterSeconds));
    try {
      return new Response(status, headers, StrictJson.MAPPER.writeValueAsBytes(node), false);
    } catch (JsonProcessingException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }

  /** draft-ietf-httpapi-ratelimit-headers, of 2025-09. */
  private static void rateLimit(
      List<Header> headers, Rejection.Policy policy, int retryAfterSeconds) {
    String name = "\"" + policy.name() + "\"";
    headers.add(
        new Header(
            "RateLimit-Policy", name + ";q=" + policy.requests() + ";w=" + policy.windowSeconds()));
    headers.add(new Header("RateLimit", name + ";r=0;t=" + retryAfterSeconds));
  }
}
