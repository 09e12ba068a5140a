package io.kapsel.deliver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Rejection;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DestinationPolicyTest {
  private static final DestinationPolicy STRICT = new DestinationPolicy(false, false, List.of());
  private static final DestinationPolicy DEVELOPMENT =
      new DestinationPolicy(true, false, List.of());

  @TestFactory
  Stream<DynamicTest> addresses_of_the_vectors() throws IOException {
    return cases("ssrf_addresses.json")
        .map(
            each ->
                DynamicTest.dynamicTest(
                    each.get("address").asText(),
                    () ->
                        assertEquals(
                            each.get("expect").asBoolean(),
                            isAllowed(STRICT, each.get("address").asText()))));
  }

  /** Both ends of every block, and what lies just outside of it when that is public. */
  @TestFactory
  Stream<DynamicTest> blocks_of_the_vectors() throws IOException {
    return StreamSupport.stream(
            vectors("ssrf_addresses.json").get("deny_cidrs").spliterator(), false)
        .map(JsonNode::asText)
        .map(
            block ->
                DynamicTest.dynamicTest(
                    block,
                    () -> {
                      String first = block.substring(0, block.indexOf('/'));
                      int bits = Integer.parseInt(block.substring(block.indexOf('/') + 1));
                      byte[] low = IpLiteral.parse(first).orElseThrow();
                      byte[] high = low.clone();
                      for (int bit = bits; bit < low.length * 8; bit++) {
                        high[bit / 8] |= (byte) (0x80 >>> (bit % 8));
                      }
                      // Mapped addresses are judged by what they hold, so that only most are
                      // denied.
                      if (!block.equals("::ffff:0:0/96")) {
                        assertFalse(
                            STRICT.isAllowed(address(low), false), () -> "first of " + block);
                        assertFalse(
                            STRICT.isAllowed(address(high), false), () -> "last of " + block);
                      }
                    }));
  }

  @TestFactory
  Stream<DynamicTest> urls_of_the_vectors() throws IOException {
    return cases("ssrf_urls.json")
        .map(
            each ->
                DynamicTest.dynamicTest(
                    each.get("url").asText(),
                    () ->
                        assertEquals(
                            Optional.of(each.get("expect_error").asText()),
                            STRICT
                                .checkUrl(each.get("url").asText(), false)
                                .map(Rejection::code)
                                .map(ErrorCode::code))));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://example.com",
        "https://example.com/",
        "HTTPS://Example.COM/Path?Query=%41&b",
        "https://example.com?q",
        "https://example.com:8443/x",
        "http://example.com:80/",
        "https://example.com./",
        "https://a_b.example.com/",
        "https://xn--bcher-kva.example/",
        "https://8.8.8.8/",
        "https://[2606:4700:4700::1111]:8443/",
        "https://1.example.com/",
        "https://localhost.example.com/",
        "https://internal.example.com/"
      })
  void a_public_url_is_accepted(String url) {
    assertEquals(Optional.empty(), STRICT.checkUrl(url, false));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "example.com",
        "//example.com/",
        "file:///etc/passwd",
        "ftp://example.com/",
        "gopher://example.com/",
        "javascript:alert(1)",
        "https:",
        "https:/example.com/",
        "https://",
        "https:///path",
        "https://?q",
        "https://:443/",
        "https://user@example.com/",
        "https://user:password@example.com/",
        "https://@example.com/",
        "https://example.com@127.0.0.1/",
        "https://example.com:0/",
        "https://example.com:65536/",
        "https://example.com:99999999999/",
        "https://example.com:/",
        "https://example.com:-1/",
        "https://example.com:+1/",
        "https://example.com:80:90/",
        "https://example.com:٣/",
        "https://example.com/#fragment",
        "https://example.com#",
        "https://example.com/a b",
        " https://example.com/",
        "https://example.com/\n",
        "https://example.com/\r\nHost: x",
        "https://example.com/\0",
        "https://example.com\\@127.0.0.1/",
        "https://exam ple.com/",
        "https://a%2ecom/",
        "https://example.com/%",
        "https://example.com/%4",
        "https://example.com/%zz",
        "https://bücher.example/",
        "https://example。com/",
        "https://-example.com/",
        "https://example-.com/",
        "https://exa..mple.com/",
        "https://.example.com/",
        "https://example.com../",
        "https://[::1/",
        "https://::1/",
        "https://[]/",
        "https://[127.0.0.1]/",
        "https://[fe80::1%25eth0]/",
        "https://[::1]x/",
        "https://[v1.x]/",
        "https://[:::1]/",
        "https://[1:2:3:4:5:6:7]/",
        "https://[1:2:3:4:5:6:7:8:9]/",
        "https://[::127.0.0.256]/",
        "https://[12345::]/"
      })
  void what_is_no_url_is_refused(String url) {
    assertEquals(
        Optional.of(ErrorCode.INVALID_URL), STRICT.checkUrl(url, true).map(Rejection::code));
  }

  @Test
  void a_url_may_be_as_long_as_the_limit() {
    String longest = "https://example.com/" + "x".repeat(2_048 - 20);
    assertEquals(Optional.empty(), STRICT.checkUrl(longest, false));
    assertEquals(
        Optional.of(ErrorCode.INVALID_URL),
        STRICT.checkUrl(longest + "x", false).map(Rejection::code));
    assertTrue(STRICT.checkUrl("https://" + "a".repeat(64) + ".example.com/", false).isPresent());
    assertTrue(STRICT.checkUrl("https://" + "a.".repeat(127) + "com/", false).isPresent());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://localhost/",
        "http://LOCALHOST:8080/",
        "http://localhost./",
        "http://a.localhost/",
        "http://printer.local/",
        "http://api.internal/",
        "http://kapsel.default.svc/",
        "http://kapsel.default.svc.cluster.local/",
        "http://intranet/",
        "http://router.home.arpa/",
        "http://127.0.0.1/",
        "http://10.1.2.3/",
        "http://192.168.1.1/",
        "http://100.64.0.1/",
        "http://[::1]/",
        "http://[fd12::1]/",
        "http://[::ffff:10.0.0.1]/"
      })
  void what_lies_inside_is_refused_unless_private_destinations_are_allowed(String url) {
    assertEquals(
        Optional.of(ErrorCode.URL_NOT_ALLOWED), STRICT.checkUrl(url, false).map(Rejection::code));
    assertEquals(Optional.empty(), STRICT.checkUrl(url, true));
    assertEquals(Optional.empty(), DEVELOPMENT.checkUrl(url, false));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://169.254.169.254/latest/meta-data",
        "http://169.254.170.2/",
        "http://169.254.1.1/",
        "http://100.100.100.200/",
        "http://192.0.0.192/",
        "http://[fd00:ec2::254]/",
        "http://[fe80::1]/",
        "http://[::ffff:169.254.169.254]/",
        "http://metadata.google.internal/",
        "http://metadata.google.internal./",
        "http://0.0.0.0/",
        "http://0/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://1.2.3.4.5/",
        "http://127.0.0.01/",
        "http://example.0x/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
        "http://[ff02::1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/"
      })
  void some_hosts_no_switch_allows(String url) {
    assertEquals(
        Optional.of(ErrorCode.URL_NOT_ALLOWED),
        DEVELOPMENT.checkUrl(url, true).map(Rejection::code));
  }

  @Test
  void a_refusal_never_repeats_the_host() {
    String detail = STRICT.checkUrl("http://10.9.8.7/", false).orElseThrow().detail();
    assertFalse(detail.contains("10.9"), detail);
  }

  @Test
  void https_may_be_required() {
    DestinationPolicy policy = new DestinationPolicy(false, true, List.of());
    assertEquals(
        Optional.of(ErrorCode.INVALID_URL),
        policy.checkUrl("http://example.com/", false).map(Rejection::code));
    assertEquals(Optional.empty(), policy.checkUrl("https://example.com/", false));
  }

  @Test
  void an_operator_may_allow_single_networks() {
    DestinationPolicy policy =
        new DestinationPolicy(
            false,
            false,
            Stream.of("10.20.0.0/16", "169.254.0.0/16", "64:ff9b::/96").map(Network::of).toList());
    assertTrue(isAllowed(policy, "10.20.255.255"));
    assertTrue(isAllowed(policy, "::ffff:10.20.0.1"));
    assertFalse(isAllowed(policy, "10.21.0.0"));
    assertTrue(isAllowed(policy, "169.254.1.1"));
    assertFalse(isAllowed(policy, "169.254.169.254"), "metadata");
    assertTrue(isAllowed(policy, "64:ff9b::808:808"));
    assertFalse(isAllowed(policy, "64:ff9b::7f00:1"), "loopback behind NAT64");
    assertFalse(isAllowed(policy, "64:ff9b::a9fe:a9fe"), "metadata behind NAT64");
  }

  @Property
  void an_address_is_judged_alike_in_both_families(@ForAll @Size(4) byte[] ipv4) {
    byte[] mapped = new byte[16];
    mapped[10] = (byte) 0xff;
    mapped[11] = (byte) 0xff;
    System.arraycopy(ipv4, 0, mapped, 12, 4);
    // The platform unmaps by itself; the text form goes through the parser of this package.
    String hex = "%02x%02x:%02x%02x".formatted(ipv4[0], ipv4[1], ipv4[2], ipv4[3]);
    String dotted = IpLiteral.text(ipv4);
    boolean allowed = STRICT.isAllowed(address(ipv4), false);
    assertEquals(allowed, STRICT.isAllowed(address(mapped), false));
    assertEquals(allowed, STRICT.checkUrl("http://" + dotted + "/", false).isEmpty());
    assertEquals(allowed, STRICT.checkUrl("http://[::ffff:" + hex + "]/", false).isEmpty());
    assertEquals(allowed, STRICT.checkUrl("http://[::ffff:" + dotted + "]/", false).isEmpty());
  }

  @Property
  void nothing_inside_is_public_by_the_platforms_own_lights(@ForAll @Size(16) byte[] raw) {
    InetAddress address = address(raw);
    boolean inside =
        address.isLoopbackAddress()
            || address.isAnyLocalAddress()
            || address.isLinkLocalAddress()
            || address.isSiteLocalAddress()
            || address.isMulticastAddress();
    assertFalse(inside && STRICT.isAllowed(address, false));
  }

  @Property
  void any_text_gets_an_answer(@ForAll String text) {
    STRICT.checkUrl(text, false);
    STRICT.checkUrl("https://" + text, false);
    STRICT.checkUrl("https://example.com" + text, true);
    assertTrue(Network.parse(text).isEmpty() || text.contains("/"));
  }

  @Property
  void an_ipv6_address_is_read_as_the_platform_writes_it(@ForAll @Size(16) byte[] raw) {
    InetAddress address = address(raw);
    assertEquals(
        new BigInteger(address.getAddress()),
        new BigInteger(IpLiteral.parse(address.getHostAddress()).orElseThrow()));
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.0/8, 10.255.0.1, true",
    "10.0.0.0/8, 11.0.0.0, false",
    "10.0.0.0/8, ::1, false",
    "0.0.0.0/0, 200.1.2.3, true",
    "192.168.1.4/30, 192.168.1.7, true",
    "192.168.1.4/30, 192.168.1.8, false",
    "fe80::/10, febf::1, true",
    "fe80::/10, fec0::1, false",
    "1.2.3.4/32, 1.2.3.4, true",
    "1.2.3.4/32, 1.2.3.5, false"
  })
  void a_network_contains_its_addresses(String network, String address, boolean contained) {
    assertEquals(contained, Network.of(network).contains(IpLiteral.parse(address).orElseThrow()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1", "::/129", "10.0/8", "x/8", "/"})
  void what_is_no_network_is_not_read_as_one(String text) {
    assertEquals(Optional.empty(), Network.parse(text));
  }

  private static boolean isAllowed(DestinationPolicy policy, String text) {
    return policy.isAllowed(address(IpLiteral.parse(text).orElseThrow()), false);
  }

  private static InetAddress address(byte[] bytes) {
    return IpLiteral.inetAddress("", bytes);
  }

  private static Stream<JsonNode> cases(String file) throws IOException {
    return StreamSupport.stream(vectors(file).get("cases").spliterator(), false);
  }

  private static JsonNode vectors(String file) throws IOException {
    try (InputStream in = DestinationPolicyTest.class.getResourceAsStream("/vectors/" + file)) {
      return new ObjectMapper().readTree(in);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "http://localhost:9000/hook, private",
    "http://10.1.2.3/, private",
    "http://169.254.169.254/latest, 'not allowed'",
    "http://2130706433/, 'not allowed'"
  })
  void a_refusal_says_whether_allowing_private_destinations_would_help(String url, String word) {
    String detail = STRICT.checkUrl(url, false).orElseThrow().detail();
    assertEquals(word.equals("private"), detail.contains("is private"), detail);
  }
}
