package io.kapsel.http;

import io.kapsel.core.webhook.Header;
import io.kapsel.core.webhook.HttpDate;
import java.nio.charset.StandardCharsets;

/** Responses as bytes (RFC 9112 §4). */
final class ResponseWriter {
  static final byte[] CONTINUE =
      "HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1);

  private record Dated(long epochSecond, String text) {}

  private static volatile Dated date = new Dated(-1, "");

  private ResponseWriter() {}

  /**
   * @param bodiless whether the request forbids a body in its answer (HEAD)
   * @param http10 whether persistence has to be announced rather than assumed
   */
  static byte[] write(Response response, boolean close, boolean bodiless, boolean http10) {
    int status = response.status();
    boolean lengthless = status == 204 || status == 304;
    var head = new StringBuilder(256);
    head.append("HTTP/1.1 ").append(status).append(' ').append(reason(status));
    head.append("\r\nServer: kapsel\r\nDate: ").append(date());
    for (Header header : response.headers()) {
      if (!isSafe(header.value())) continue;
      head.append("\r\n").append(header.name()).append(": ").append(header.value());
    }
    if (!lengthless) head.append("\r\nContent-Length: ").append(response.body().length);
    if (close) head.append("\r\nConnection: close");
    else if (http10) head.append("\r\nConnection: keep-alive");
    head.append("\r\n\r\n");
    byte[] start = head.toString().getBytes(StandardCharsets.ISO_8859_1);
    if (bodiless || lengthless || response.body().length == 0) return start;
    byte[] whole = new byte[start.length + response.body().length];
    System.arraycopy(start, 0, whole, 0, start.length);
    System.arraycopy(response.body(), 0, whole, start.length, response.body().length);
    return whole;
  }

  /** The last line of defence against a response that is split by its own field value. */
  private static boolean isSafe(String value) {
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if ((c < 0x20 && c != '\t') || c == 0x7f || c > 0xff) return false;
    }
    return true;
  }

  private static String date() {
    long now = System.currentTimeMillis() / 1_000;
    Dated current = date;
    if (current.epochSecond() != now) {
      current = new Dated(now, HttpDate.format(now));
      date = current;
    }
    return current.text();
  }

  private static String reason(int status) {
    return switch (status) {
      case 200 -> "OK";
      case 201 -> "Created";
      case 202 -> "Accepted";
      case 204 -> "No Content";
      case 304 -> "Not Modified";
      case 400 -> "Bad Request";
      case 401 -> "Unauthorized";
      case 403 -> "Forbidden";
      case 404 -> "Not Found";
      case 405 -> "Method Not Allowed";
      case 406 -> "Not Acceptable";
      case 408 -> "Request Timeout";
      case 409 -> "Conflict";
      case 410 -> "Gone";
      case 412 -> "Precondition Failed";
      case 413 -> "Content Too Large";
      case 414 -> "URI Too Long";
      case 415 -> "Unsupported Media Type";
      case 417 -> "Expectation Failed";
      case 422 -> "Unprocessable Content";
      case 428 -> "Precondition Required";
      case 429 -> "Too Many Requests";
      case 431 -> "Request Header Fields Too Large";
      case 500 -> "Internal Server Error";
      case 501 -> "Not Implemented";
      case 503 -> "Service Unavailable";
      case 505 -> "HTTP Version Not Supported";
      default -> "Status";
    };
  }
}
