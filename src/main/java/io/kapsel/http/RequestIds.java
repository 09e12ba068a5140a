package io.kapsel.http;

import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;

/** What a client quotes and an operator looks up: the client's own id when it sent a usable one. */
public final class RequestIds {
  public static final String HEADER = "X-Request-Id";

  private static final Pattern USABLE = Pattern.compile("[A-Za-z0-9._-]{1,64}");

  private RequestIds() {}

  public static String of(RequestHead head) {
    String sent = head.header(HEADER);
    return !sent.isEmpty() && USABLE.matcher(sent).matches() ? sent : fresh();
  }

  public static String fresh() {
    return "req_" + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
  }
}
