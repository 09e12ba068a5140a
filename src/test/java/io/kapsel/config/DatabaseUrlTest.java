package io.kapsel.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.core.webhook.Secret;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DatabaseUrlTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = ' ',
      value = {
        "postgres://host/db jdbc:postgresql://host/db '' ''",
        "postgresql://me@host:5433/db jdbc:postgresql://host:5433/db me ''",
        "postgres://me:pa%40ss%2Fw+@host/db jdbc:postgresql://host/db me pa@ss/w+",
        "jdbc:postgresql://host/db?user=me&ssl=true&password=p%26p jdbc:postgresql://host/db?ssl=true"
            + " me p&p",
        "postgres://me:p@a:5432,b:5433/db jdbc:postgresql://a:5432,b:5433/db me p",
        "postgres://me:p@[::1]:5432/db jdbc:postgresql://[::1]:5432/db me p",
      })
  void takes_the_credentials_out(String text, String jdbc, String user, String password) {
    assertEquals(new DatabaseUrl(jdbc, user, new Secret(password)), DatabaseUrl.parse(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "host/db",
        "mysql://host/db",
        "postgres://",
        "postgres:///db",
        "postgres://host",
        "postgres://host/",
        "postgres://me:hunter2@/db",
        "postgres://ho st/db",
        "postgres://me:hunter2@host:port/db"
      })
  void refuses_what_is_no_database(String text) {
    var refused = assertThrows(IllegalArgumentException.class, () -> DatabaseUrl.parse(text), text);
    assertFalse(String.valueOf(refused.getMessage()).contains("hunter2"));
  }

  @Test
  void stands_for_the_embedded_database_when_empty() {
    assertTrue(DatabaseUrl.parse("").isEmbedded());
  }

  @Test
  void shows_no_password() {
    assertEquals(
        "postgres://me:****@host/db?ssl=true",
        DatabaseUrl.parse("postgres://me:hunter2@host/db?ssl=true").toString());
  }
}
