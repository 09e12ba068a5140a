package io.kapsel.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.core.webhook.Header;
import io.kapsel.http.RequestReader.Step;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestReaderTest {
  private static final int BODY_BYTES_MAX = 1_000;

  /** What came of some input: a line for each request, and one for the refusal. */
  private static List<String> read(List<byte[]> pieces) {
    var reader = new RequestReader(HttpLimits.DEFAULT);
    List<String> results = new ArrayList<>();
    for (byte[] piece : pieces) {
      reader.feed(piece);
      if (!drain(reader, results)) return results;
    }
    if (reader.isInside()) results.add("end: " + reader.endOfInput());
    return results;
  }

  private static boolean drain(RequestReader reader, List<String> results) {
    while (true) {
      switch (reader.next()) {
        case Step.Waiting more -> {
          return true;
        }
        case Step.HeadRead read -> {
          if (read.head().bodyBytes() > BODY_BYTES_MAX) {
            results.add("too large");
            return false;
          }
          reader.readBody(BODY_BYTES_MAX);
        }
        case Step.Complete complete ->
            results.add(complete.head() + " " + new String(complete.body(), ISO_8859_1));
        case Step.Refused refused -> {
          results.add(refused.refusal().toString());
          return false;
        }
      }
    }
  }

  private static List<String> read(String text) {
    return read(List.of(text.getBytes(ISO_8859_1)));
  }

  private static Step.Complete one(String text) {
    var reader = new RequestReader(HttpLimits.DEFAULT);
    reader.feed(text.getBytes(ISO_8859_1));
    assertInstanceOf(Step.HeadRead.class, reader.next());
    reader.readBody(BODY_BYTES_MAX);
    return assertInstanceOf(Step.Complete.class, reader.next());
  }

  /** The code and status of the refusal that is the only result. */
  private static String refusal(String text) {
    var reader = new RequestReader(HttpLimits.DEFAULT);
    reader.feed(text.getBytes(ISO_8859_1));
    Step step = reader.next();
    if (step instanceof Step.HeadRead) {
      reader.readBody(BODY_BYTES_MAX);
      step = reader.next();
    }
    Refusal refusal =
        step instanceof Step.Refused refused
            ? refused.refusal()
            : assertInstanceOf(Refusal.class, reader.endOfInput());
    return refusal.status() + " " + refusal.code().code();
  }

  @Nested
  class Heads {
    @Test
    void header_lines_keep_their_order_case_repetitions_and_octets() {
      var head =
          one("GET /a HTTP/1.1\r\nX-B:  1 \r\nhost: a\r\nX-b: 2\r\nX-C: \u00fc\u0080\r\nX-D:\r\n\r\n")
              .head();
      assertEquals(
          List.of(
              new Header("X-B", "1"),
              new Header("host", "a"),
              new Header("X-b", "2"),
              new Header("X-C", "\u00fc\u0080"),
              new Header("X-D", "")),
          head.headers());
    }

    @ParameterizedTest
    @CsvSource({
      "/a, /a, ''",
      "/a?b=c, /a, b=c",
      "/a?b?c, /a, b?c",
      "/, /, ''",
      "//a, //a, ''",
      "http://h/a?b, /a, b",
      "HTTP://h:80, /, ''",
      "http://h?b, /, b",
      "/a%2Fb, /a%2Fb, ''"
    })
    void targets_are_split(String target, String path, String query) {
      var head = one("GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n").head();
      assertEquals(List.of(target, path, query), List.of(head.target(), head.path(), head.query()));
    }

    @Test
    void an_asterisk_is_for_options_alone() {
      assertEquals("*", one("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n").head().path());
      assertEquals("400 E1105", refusal("GET * HTTP/1.1\r\nHost: h\r\n\r\n"));
    }

    @ParameterizedTest
    @CsvSource({
      "HTTP/1.1, '', true",
      "HTTP/1.1, close, false",
      "HTTP/1.1, 'x , Close', false",
      "HTTP/1.0, '', false",
      "HTTP/1.0, keep-alive, true",
      "HTTP/1.0, 'keep-alive, close', false"
    })
    void persistence_follows_version_and_connection(
        String version, String connection, boolean persistent) {
      var head =
          one("GET / " + version + "\r\nHost: h\r\nConnection: " + connection + "\r\n\r\n").head();
      assertEquals(persistent, head.persistent());
    }

    @Test
    void empty_lines_before_a_request_are_forgiven_twice() {
      assertEquals("GET", one("\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n").head().method());
      assertEquals("400 E1105", refusal("\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"));
    }

    @ParameterizedTest
    @ValueSource(
        strings = {
          "a",
          "a:80",
          "a.example:",
          "127.0.0.1:8080",
          "[::1]",
          "[::1]:8080",
          "a_b",
          "0.0.0.0=5000"
        })
    void valid_hosts(String host) {
      assertTrue(HeadParser.isHost(host));
    }

    @ParameterizedTest
    @ValueSource(
        strings = {"", ":80", "a b", "a/b", "a:b", "a:123456", "[::1", "u@a", "a,b\"", "a:8:8"})
    void invalid_hosts_are_refused(String host) {
      assertEquals("400 E1105", refusal("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n"));
    }

    @ParameterizedTest
    @CsvSource(
        delimiter = '|',
        quoteCharacter = '`',
        value = {
          "GET / HTTP/1.1\\r\\n\\r\\n | 400 E1105",
          "GET / HTTP/1.0\\r\\n\\r\\n | 400 E1105",
          "GET / HTTP/1.1\\r\\nHost: a\\r\\nHost: a\\r\\n\\r\\n | 400 E1105",
          "GET  / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n | 400 E1105",
          "GET / HTTP/1.1 \\r\\nHost: a\\r\\n\\r\\n | 400 E1105",
          "GET /\\r\\nHost: a\\r\\n\\r\\n | 400 E1105",
          "GET /a#b HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n | 400 E1105",
          "GET /\u00fc HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n | 400 E1105",
          "GET http:///a HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n | 400 E1105",
          "GET http:// HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n | 400 E1105",
          "GET ftp://a/ HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n | 400 E1105",
          "CONNECT a:80 HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n | 400 E1105",
          "GE(T / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n | 400 E1105",
          "get / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n | 501 E1101",
          "FOO / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n | 501 E1101",
          "GET / HTTP/2.0\\r\\n\\r\\n | 505 E1105",
          "PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n | 505 E1105",
          "GET / HTTP/0.9\\r\\n\\r\\n | 505 E1105",
          "GET / HTTP/1.10\\r\\n\\r\\n | 400 E1105",
          "GET / http/1.1\\r\\n\\r\\n | 400 E1105",
          "GET / HTTP/1.1\\r\\nHost: a\\r\\nX : 1\\r\\n\\r\\n | 400 E1105",
          "GET / HTTP/1.1\\r\\nHost: a\\r\\nX\\t: 1\\r\\n\\r\\n | 400 E1105",
          "GET / HTTP/1.1\\r\\nHost: a\\r\\nX\\r\\n\\r\\n | 400 E1105",
          "GET / HTTP/1.1\\r\\nHost: a\\r\\n: 1\\r\\n\\r\\n | 400 E1105",
          "GET / HTTP/1.1\\r\\n Host: a\\r\\n\\r\\n | 400 E1105",
          "GET / HTTP/1.1\\r\\nHost: a\\r\\nX: 1\\r\\n 2\\r\\n\\r\\n | 400 E1105",
          "GET / HTTP/1.1\\r\\nHost: a\\r\\nX: 1\\r\\n\\t2\\r\\n\\r\\n | 400 E1105",
          "GET / HTTP/1.1\\nHost: a\\n\\n | 400 E1105",
          "GET / HTTP/1.1\\r\\nHost: a\\nX: 1\\r\\n\\r\\n | 400 E1105",
          "GET / HTTP/1.1\\r\\nHost: a\\r\\nX: 1\\r2\\r\\n\\r\\n | 400 E1105",
          "GET / HTTP/1.1\\r\\nHost: a\\r\\nX: \u0000\\r\\n\\r\\n | 400 E1105",
          "GET / HTTP/1.1\\r\\nHost: a\\r\\nX: \u0001\\r\\n\\r\\n | 400 E1105",
          "GET / HTTP/1.1\\r\\nHost: a\\r\\nX: \u007f\\r\\n\\r\\n | 400 E1105",
          "GET / HTTP/1.1\\r\\nHost: a\\r\\nX\u00fc: 1\\r\\n\\r\\n | 400 E1105",
          "GET / HTTP/1.1\\r\\nHost: a\\r\\nContent-Type: a/b\\r\\nContent-Type: a/b\\r\\n\\r\\n "
              + "| 400 E1105",
          "POST / HTTP/1.1\\r\\nHost: a\\r\\nExpect: more\\r\\n\\r\\n | 417 E1105",
          "POST / HTTP/1.1\\r\\nHost: a\\r\\nExpect: 100-continue\\r\\nExpect: x\\r\\n\\r\\n "
              + "| 417 E1105"
        })
    void what_is_malformed_is_refused(String escaped, String expected) {
      assertEquals(expected, refusal(unescaped(escaped)));
    }

    @Test
    void the_target_may_have_8000_bytes_and_no_more() {
      String slashed = "/" + "a".repeat(7_999);
      assertEquals(slashed, one("GET " + slashed + " HTTP/1.1\r\nHost: a\r\n\r\n").head().path());
      assertEquals("414 E1108", refusal("GET " + slashed + "b HTTP/1.1\r\nHost: a\r\n\r\n"));
      assertEquals("414 E1108", refusal("GET /" + "a".repeat(100_000)));
    }

    @Test
    void the_header_section_may_have_16_kibibytes_and_no_more() {
      String start = "GET / HTTP/1.1\r\nHost: a\r\n";
      String fill = "X: " + "b".repeat(16_384 - "Host: a\r\n".length() - "X: \r\n".length());
      assertEquals(2, one(start + fill + "\r\n\r\n").head().headers().size());
      assertEquals("431 E1107", refusal(start + fill + "b\r\n\r\n"));
      assertEquals("431 E1107", refusal(start + "X: " + "b".repeat(20_000)));
    }

    @Test
    void there_may_be_100_fields_and_no_more() {
      String start = "GET / HTTP/1.1\r\nHost: a\r\n";
      assertEquals(100, one(start + "X: 1\r\n".repeat(99) + "\r\n").head().headers().size());
      assertEquals("431 E1107", refusal(start + "X: 1\r\n".repeat(100) + "\r\n"));
    }
  }

  @Nested
  class Bodies {
    private static final String POST = "POST / HTTP/1.1\r\nHost: a\r\n";
    private static final String CHUNKED = POST + "Transfer-Encoding: chunked\r\n\r\n";

    @Test
    void a_body_has_the_announced_length_and_the_rest_is_the_next_request() {
      var results = read(POST + "Content-Length: 3\r\n\r\nabcGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
      assertEquals(2, results.size());
      assertTrue(results.get(0).endsWith(" abc"), results.get(0));
      assertTrue(results.get(1).contains("/2"), results.get(1));
    }

    @Test
    void no_announcement_is_no_body() {
      assertEquals(0, one(POST + "\r\n").body().length);
    }

    @Test
    void chunks_are_joined_and_extensions_and_trailers_dropped() {
      var complete = one(CHUNKED + "3;a=b\r\nabc\r\n0A\r\n0123456789\r\n000\r\nX-T: 1\r\n\r\n");
      assertArrayEquals("abc0123456789".getBytes(ISO_8859_1), complete.body());
      assertEquals("", complete.head().header("X-T"));
    }

    @ParameterizedTest
    @CsvSource(
        delimiter = '|',
        quoteCharacter = '`',
        value = {
          "Content-Length: 3\\r\\nContent-Length: 3\\r\\n\\r\\nabc | 400 E1105",
          "Content-Length: 3, 3\\r\\n\\r\\nabc | 400 E1105",
          "Content-Length: +3\\r\\n\\r\\nabc | 400 E1105",
          "Content-Length: -1\\r\\n\\r\\nabc | 400 E1105",
          "Content-Length: 0x3\\r\\n\\r\\nabc | 400 E1105",
          "Content-Length:\\r\\n\\r\\nabc | 400 E1105",
          "Content-Length: \u0663\\r\\n\\r\\nabc | 400 E1105",
          "Content-Length: 3\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n0\\r\\n\\r\\n | 400 E1105",
          "Transfer-Encoding: chunked, chunked\\r\\n\\r\\n0\\r\\n\\r\\n | 400 E1105",
          "Transfer-Encoding: chunked\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n0\\r\\n\\r\\n "
              + "| 400 E1105",
          "Transfer-Encoding: gzip, chunked\\r\\n\\r\\n0\\r\\n\\r\\n | 400 E1105",
          "Transfer-Encoding: chunked, identity\\r\\n\\r\\n0\\r\\n\\r\\n | 400 E1105",
          "Transfer-Encoding: xchunked\\r\\n\\r\\n0\\r\\n\\r\\n | 400 E1105",
          "Transfer-Encoding: \\13chunked\\r\\n\\r\\n0\\r\\n\\r\\n | 400 E1105",
          "Transfer-Encoding:\\r\\n\\r\\n0\\r\\n\\r\\n | 400 E1105",
          "Content-Length: 5\\r\\n\\r\\nabc | 400 E1104",
          "Transfer-Encoding: chunked\\r\\n\\r\\n5\\r\\nabc | 400 E1104",
          "Transfer-Encoding: chunked\\r\\n\\r\\n5\\r\\nabcde\\r\\n | 400 E1104",
          "Transfer-Encoding: chunked\\r\\n\\r\\n0\\r\\n | 400 E1104"
        })
    void what_has_no_certain_length_is_refused(String escaped, String expected) {
      assertEquals(expected, refusal(POST + unescaped(escaped)));
    }

    @ParameterizedTest
    @ValueSource(
        strings = {
          "\\r\\n",
          "g\\r\\n",
          "-1\\r\\n",
          "+1\\r\\na\\r\\n0\\r\\n\\r\\n",
          "0x1\\r\\n",
          " 1\\r\\n",
          "1 \\r\\na\\r\\n0\\r\\n\\r\\n",
          "1\\na\\r\\n",
          "3\\r\\nabcd\\r\\n0\\r\\n\\r\\n",
          "3\\r\\nabc0\\r\\n\\r\\n",
          "3\\r\\nabc\\n0\\r\\n\\r\\n",
          "1_0\\r\\n",
          ";a\\r\\n",
          "000000001\\r\\n",
          "1;a\\1\\r\\n",
          "0\\r\\nContent-Length: 1\\r\\n\\r\\n",
          "0\\r\\nHost: b\\r\\n\\r\\n",
          "0\\r\\nX : b\\r\\n\\r\\n",
          "0\\r\\n X: b\\r\\n\\r\\n",
          "0\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n",
          "0\\r\\nAuthorization: b\\r\\n\\r\\n",
          "0\\r\\nX: a\\nY: b\\r\\n\\r\\n"
        })
    void broken_chunks_are_refused(String escaped) {
      assertEquals("400 E1105", refusal(CHUNKED + unescaped(escaped)));
    }

    @Test
    void a_chunk_extension_may_not_be_endless() {
      assertEquals("400 E1105", refusal(CHUNKED + "1;" + "a".repeat(10_000)));
    }

    @Test
    void chunked_is_unknown_to_http_1_0() {
      String request = "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
      assertEquals("400 E1105", refusal(request));
    }

    @Test
    void chunks_may_reach_the_limit_and_not_pass_it() {
      String most = CHUNKED + "3E7\r\n" + "a".repeat(999) + "\r\n1\r\na\r\n0\r\n\r\n";
      assertEquals(BODY_BYTES_MAX, one(most).body().length);
      assertEquals("413 E1002", refusal(CHUNKED + "3E9\r\n"));
      assertEquals(
          "413 E1002", refusal(CHUNKED + "3E7\r\n" + "a".repeat(999) + "\r\n2\r\naa\r\n0\r\n\r\n"));
      assertEquals("413 E1002", refusal(CHUNKED + "FFFFFFFF\r\n"));
    }

    @Test
    void a_length_beyond_all_numbers_is_only_large() {
      var reader = new RequestReader(HttpLimits.DEFAULT);
      reader.feed((POST + "Content-Length: 99999999999999999999999\r\n\r\n").getBytes(ISO_8859_1));
      var read = assertInstanceOf(Step.HeadRead.class, reader.next());
      assertEquals(Long.MAX_VALUE, read.head().bodyBytes());
    }

    @Test
    void an_announced_length_is_not_believed_before_it_comes() {
      var reader = new RequestReader(HttpLimits.DEFAULT);
      reader.feed((POST + "Content-Length: 10485760\r\n\r\n").getBytes(ISO_8859_1));
      reader.next();
      reader.readBody(10_485_760);
      assertEquals(Step.Waiting.MORE, reader.next());
      assertEquals(0, reader.bodyBytesHeld());
      reader.feed(new byte[] {'a'});
      assertEquals(Step.Waiting.MORE, reader.next());
      assertTrue(reader.bodyBytesHeld() <= 4_096);
    }
  }

  /** What is counted against the node's budget is what the body takes, not what has come of it. */
  @Property
  void a_body_never_holds_more_than_twice_what_came(
      @ForAll @IntRange(min = 1, max = 300_000) int length,
      @ForAll @IntRange(min = 1, max = 70_000) int pieceBytes,
      @ForAll boolean chunked) {
    var reader = new RequestReader(HttpLimits.DEFAULT);
    String framing = chunked ? "Transfer-Encoding: chunked" : "Content-Length: 9999999";
    String head = "POST / HTTP/1.1\r\nHost: a\r\n" + framing + "\r\n\r\n";
    reader.feed((chunked ? head + "FFFFFF\r\n" : head).getBytes(ISO_8859_1));
    reader.next();
    reader.readBody(100_000_000);
    for (int sent = 0; sent < length; sent += pieceBytes) {
      reader.feed(new byte[Math.min(pieceBytes, length - sent)]);
      assertEquals(Step.Waiting.MORE, reader.next());
    }
    assertEquals(length, reader.bodyBytesReceived());
    assertTrue(reader.bodyBytesHeld() >= length);
    assertTrue(reader.bodyBytesHeld() <= Math.max(4_096, 2 * length));
  }

  private static String unescaped(String text) {
    return text.translateEscapes();
  }

  // ------------------------------------------------------------------------------------- laws

  private static final List<String> FRAGMENTS =
      List.of(
          "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
          "POST /a?b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
          "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nab\r\n0\r\nX: y\r\n\r\n",
          "POST / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
          "\r\n",
          "\r",
          "\n",
          "0\r\n\r\n",
          "Content-Length: 3\r\n",
          "Transfer-Encoding: chunked\r\n",
          "X: \u00fc\r\n");

  @Provide
  Arbitrary<byte[]> conversations() {
    Arbitrary<String> garbage = Arbitraries.strings().withCharRange('\0', '\u00ff').ofMaxLength(5);
    return Arbitraries.oneOf(Arbitraries.of(FRAGMENTS), Arbitraries.of(FRAGMENTS), garbage)
        .list()
        .ofMaxSize(6)
        .map(parts -> String.join("", parts).getBytes(ISO_8859_1));
  }

  @Provide
  Arbitrary<byte[]> mutations() {
    Arbitrary<byte[]> valid =
        Arbitraries.of(FRAGMENTS)
            .list()
            .ofMinSize(1)
            .ofMaxSize(3)
            .map(parts -> String.join("", parts).getBytes(ISO_8859_1));
    return valid.flatMap(
        bytes ->
            Arbitraries.integers()
                .between(0, bytes.length - 1)
                .flatMap(
                    at ->
                        Arbitraries.bytes()
                            .map(
                                value -> {
                                  byte[] mutated = bytes.clone();
                                  mutated[at] = value;
                                  return mutated;
                                })));
  }

  private static List<byte[]> cut(byte[] bytes, int pieceBytes) {
    List<byte[]> pieces = new ArrayList<>();
    for (int at = 0; at < bytes.length; at += pieceBytes) {
      pieces.add(Arrays.copyOfRange(bytes, at, Math.min(at + pieceBytes, bytes.length)));
    }
    return pieces;
  }

  @Property
  void it_does_not_matter_how_the_bytes_are_cut(
      @ForAll("conversations") byte[] bytes, @ForAll @IntRange(min = 1, max = 7) int pieceBytes) {
    assertEquals(read(List.of(bytes)), read(cut(bytes, pieceBytes)));
  }

  @Property
  void a_changed_byte_never_breaks_the_reader(@ForAll("mutations") byte[] bytes) {
    assertEquals(read(List.of(bytes)), read(cut(bytes, 1)));
  }

  @Property
  void no_bytes_break_the_reader(@ForAll byte[] bytes) {
    assertEquals(read(List.of(bytes)), read(cut(bytes, 1)));
  }
}
