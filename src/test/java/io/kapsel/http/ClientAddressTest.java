package io.kapsel.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.kapsel.core.webhook.Header;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClientAddressTest {
  private final ClientAddress addresses =
      new ClientAddress(
          address -> address.startsWith("10.") || address.equals("fd00::1"),
          (head, remote) -> {
            throw new AssertionError();
          });

  private String client(String remote, String... lines) {
    List<Header> headers =
        Arrays.stream(lines).map(line -> new Header("X-Forwarded-For", line)).toList();
    return addresses.of(headers, remote);
  }

  @Test
  void is_that_of_the_connection_where_no_proxy_is_trusted() {
    assertEquals("192.0.2.1", client("192.0.2.1", "192.0.2.9"));
    assertEquals("192.0.2.1", client("192.0.2.1", "192.0.2.9, 10.0.0.1"));
  }

  @Test
  void is_the_last_one_that_no_trusted_proxy_has() {
    assertEquals("192.0.2.9", client("10.0.0.1", "192.0.2.9"));
    assertEquals("192.0.2.9", client("10.0.0.1", "203.0.113.5,192.0.2.9 , 10.0.0.2"));
    assertEquals("192.0.2.9", client("10.0.0.1", "203.0.113.5", "192.0.2.9", "10.0.0.2"));
    assertEquals("2001:db8::1", client("fd00::1", "2001:db8::1"));
  }

  @Test
  void is_the_proxys_when_it_names_nobody_else() {
    assertEquals("10.0.0.1", client("10.0.0.1"));
    assertEquals("10.0.0.3", client("10.0.0.1", "10.0.0.3, 10.0.0.2"));
  }

  @Test
  void may_come_with_a_port() {
    assertEquals("192.0.2.9", client("10.0.0.1", "192.0.2.9:4711"));
    assertEquals("2001:db8::1", client("10.0.0.1", "[2001:db8::1]:4711"));
  }

  @Test
  void does_not_go_past_what_is_no_address() {
    assertEquals("unknown", client("10.0.0.1", "192.0.2.9, unknown"));
    assertEquals("", client("10.0.0.1", "192.0.2.9,"));
  }
}
