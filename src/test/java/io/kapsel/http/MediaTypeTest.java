package io.kapsel.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MediaTypeTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "application/json",
        "Application/JSON; q=0.1",
        "text/html, application/*;q=0.001",
        "text/html, */*",
        "*/*;q=0, application/json",
        "application/*;q=0, application/json;q=1.0",
        "application/json;q=0, application/json",
      })
  void json_is_accepted(String accept) {
    assertEquals(true, MediaType.isAccepted(accept, "application/json"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "text/html",
        "application/jsonp",
        "*/*;q=0",
        "*/*, application/json;q=0",
        "application/json; q=0.000, application/*",
        "application/*; Q=0",
        "json",
        ",",
      })
  void json_is_not_accepted(String accept) {
    assertEquals(false, MediaType.isAccepted(accept, "application/json"));
  }

  @ParameterizedTest
  @CsvSource({
    "text/plain, true",
    "text/plain;charset=utf-8, true",
    "text/plain ;  charset=\"a;b\\\"c\" ; x=y, true",
    "text/plain;, true",
    "*/*, true",
    "text, false",
    "text/, false",
    "/plain, false",
    "text/plain charset=utf-8, false",
    "text /plain, false",
    "text/plain;charset, false",
    "text/plain;charset=, false",
    "text/plain;charset=\"a, false",
    "text/pl\u00e4in, false",
  })
  void a_type_has_one_form(String text, boolean valid) {
    assertEquals(valid, MediaType.isValid(text), text);
  }
}
