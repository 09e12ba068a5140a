package io.kapsel;

import com.fasterxml.jackson.databind.JsonNode;
import io.kapsel.json.StrictJson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/** A client of the management API that holds every answer against its description. */
final class Management {
  static final String OPERATOR = "kps_operator_key_of_the_tests";
  static final String ADMIN = "kps_admin_key_of_the_default_tenant";
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final AtomicInteger NAMES = new AtomicInteger();

  /** An answer. */
  record Answer(HttpResponse<byte[]> response) {
    int status() {
      return response.statusCode();
    }

    String text() {
      return new String(response.body(), StandardCharsets.UTF_8);
    }

    String header(String name) {
      return response.headers().firstValue(name).orElse("");
    }

    JsonNode json() {
      try {
        return StrictJson.MAPPER.readTree(response.body());
      } catch (IOException notJson) {
        throw new UncheckedIOException(notJson);
      }
    }

    String get(String field) {
      return json().path(field).asText();
    }

    Answer expect(int status) {
      if (status() != status) throw new AssertionError(status() + " " + text());
      return this;
    }
  }

  private final HttpClient client = HttpClient.newHttpClient();
  private final KapselForTests kapsel;
  private final ApiDescription description;
  private final String key;

  Management(KapselForTests kapsel, ApiDescription description, String key) {
    this.kapsel = kapsel;
    this.description = description;
    this.key = key;
  }

  Management with(String otherKey) {
    return new Management(kapsel, description, otherKey);
  }

  static String freshName() {
    return "name-" + NAMES.incrementAndGet();
  }

  Answer get(String target, String... headers) {
    return send("GET", target, "", headers);
  }

  Answer post(String target, String body, String... headers) {
    return send("POST", target, body, headers);
  }

  Answer patch(String target, String body, String... headers) {
    return send("PATCH", target, body, headers);
  }

  Answer delete(String target, String... headers) {
    return send("DELETE", target, "", headers);
  }

  /** A body is sent as JSON unless the headers say otherwise; an empty key is not sent. */
  Answer send(String method, String target, String body, String... headers) {
    return sendBytes(method, target, body.getBytes(StandardCharsets.UTF_8), headers);
  }

  Answer sendBytes(String method, String target, byte[] body, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(kapsel.url(target)))
            .timeout(PATIENCE)
            .method(
                method,
                body.length == 0
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofByteArray(body));
    boolean typed = false;
    for (int i = 0; i < headers.length; i += 2) {
      typed |= headers[i].equals("Content-Type");
      request.header(headers[i], headers[i + 1]);
    }
    if (body.length > 0 && !typed) request.header("Content-Type", "application/json");
    if (!key.isEmpty()) request.header("Authorization", "Bearer " + key);
    try {
      HttpResponse<byte[]> response =
          client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
      description.check(method, target, response);
      return new Answer(response);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(interrupted);
    }
  }

  /** A new endpoint's id; {@code more} is further members, beginning with a comma. */
  String endpoint(String url, String more) {
    String body = "{\"name\":\"" + freshName() + "\",\"url\":\"" + url + "\"" + more + "}";
    return post("/v1/endpoints", body).expect(201).get("id");
  }

  String ingest(String endpoint, String body) {
    return with("").post("/ingest/" + endpoint, body).expect(200).get("event_id");
  }

  /** A new tenant with an administrator's key. */
  Management tenant(String more) {
    Management operator = with(OPERATOR);
    String body = "{\"name\":\"" + freshName() + "\"" + more + "}";
    String tenant = operator.post("/v1/tenants", body).expect(201).get("id");
    return with(
        operator
            .post("/v1/api-keys?tenant_id=" + tenant, "{\"name\":\"first\",\"scopes\":[\"admin\"]}")
            .expect(201)
            .get("secret"));
  }

  /** A key of this administrator's tenant. */
  Management key(String scopes) {
    return with(
        post("/v1/api-keys", "{\"name\":\"k\",\"scopes\":[" + scopes + "]}")
            .expect(201)
            .get("secret"));
  }
}
