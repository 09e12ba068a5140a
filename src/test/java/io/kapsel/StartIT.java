package io.kapsel;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.storage.DatabaseSettings;
import io.kapsel.testing.PostgresForTests;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a start leaves behind that did not succeed. */
final class StartIT {
  @Test
  void the_first_keys_are_shown_by_the_first_start_that_succeeds() throws Exception {
    DatabaseSettings database = PostgresForTests.emptyDatabase();
    try (ServerSocket somethingElse = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      int taken = somethingElse.getLocalPort();
      StartFailed failed =
          assertThrows(StartFailed.class, () -> Kapsel.start(settings(database, taken)));
      assertTrue(failed.getMessage().contains("E4005"), failed.getMessage());
    }
    try (Kapsel kapsel = Kapsel.start(settings(database, 0))) {
      assertTrue(kapsel.firstKeys().apiKey().isPresent(), "the API key");
      assertTrue(kapsel.firstKeys().operatorKey().isPresent(), "the operator's key");
    }
  }

  private static Settings settings(DatabaseSettings database, int port) throws IOException {
    return Settings.with(
        Map.of(
            "database.url", database.url(),
            "database.user", database.user(),
            "database.password", database.password().value(),
            "http.host", "127.0.0.1",
            "http.port", String.valueOf(port)));
  }
}
