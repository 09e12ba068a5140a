package io.kapsel.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.storage.KeyKeeper.Stored;
import io.kapsel.testing.PostgresForTests;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class KeyKeeperTest {
  private static final KeyKeeper.Pace SELDOM = new KeyKeeper.Pace(100_000, 600_000);
  private static final String ENDPOINT = "endpoint|ep_00000000000000010000000000000001";

  private DatabaseSettings settings;
  private Database database;
  private long now = 1_764_000_000_000L;

  @BeforeEach
  void open() {
    settings = PostgresForTests.freshDatabase();
    database = Database.open(settings);
  }

  @AfterEach
  void close() {
    database.close();
  }

  /** Sealing is writing the key's name in front. */
  private static Function<Stored, Optional<Stored>> under(String key) {
    return stored -> {
      String text = new String(stored.payload(), StandardCharsets.UTF_8);
      String fresh =
          stored.manifest().equals(Stored.DIRECTORY)
              ? "{\"key\": \"" + key + "\"}"
              : key + text.substring(text.indexOf(' '));
      return fresh.equals(text)
          ? Optional.empty()
          : Optional.of(
              new Stored(
                  stored.entity(), stored.manifest(), fresh.getBytes(StandardCharsets.UTF_8)));
    };
  }

  private KeyKeeper keeper(String key) {
    var keeper = new KeyKeeper(database, key, under(key), () -> Instant.ofEpochMilli(now), SELDOM);
    keeper.start();
    return keeper;
  }

  private int tend(KeyKeeper keeper) throws Exception {
    try (Connection connection = database.connect()) {
      return keeper.tend(connection);
    }
  }

  private void execute(String sql) throws Exception {
    try (Connection connection = database.connect();
        var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** More than one page of each. */
  private void fill() throws Exception {
    execute(
        "insert into event_journal (persistence_id, sequence_number, writer, event_ser_id,"
            + " event_ser_manifest, event_payload) select '"
            + ENDPOINT
            + "', n, 'w', 7101, case when n % 7 = 0 then 'e:ended' else 'e:configured' end,"
            + " convert_to('old ' || n, 'UTF8') from generate_series(1, 1300) n");
    execute(
        "insert into event_journal (persistence_id, sequence_number, writer, event_ser_id,"
            + " event_ser_manifest, event_payload) values ('sharding|x', 1, 'w', 1,"
            + " 'e:created', convert_to('old x', 'UTF8'))");
    execute(
        "insert into snapshot (persistence_id, sequence_number, created, snapshot_ser_id,"
            + " snapshot_ser_manifest, snapshot_payload) select 'endpoint|' || n / 2, n % 2, 0,"
            + " 7101, 'state', convert_to('old ' || n, 'UTF8') from generate_series(0, 70) n");
    execute(
        "insert into endpoint (id, tenant_id, name, status, version, config, created_at,"
            + " updated_at) select gen_random_uuid(), gen_random_uuid(), 'n', 'active', 1,"
            + " '{\"key\": \"old\"}', now(), now() from generate_series(1, 700)");
  }

  private int count(String where) {
    return Integer.parseInt(PostgresForTests.query(settings, "select count(*) from " + where));
  }

  @Test
  void everything_that_may_hold_a_secret_is_brought_under_the_current_key() throws Exception {
    keeper("old").close();
    fill();
    try (KeyKeeper keeper = keeper("new")) {
      assertEquals(1_115 + 71 + 700, tend(keeper));
      assertEquals(
          1_115, count("event_journal where convert_from(event_payload, 'UTF8') like 'new %'"));
      assertEquals(
          186, count("event_journal where convert_from(event_payload, 'UTF8') like 'old %'"));
      assertEquals(71, count("snapshot where convert_from(snapshot_payload, 'UTF8') like 'new %'"));
      assertEquals(700, count("endpoint where config ->> 'key' = 'new'"));
      assertEquals(0, tend(keeper));
    }
  }

  @Test
  void a_key_is_forgotten_once_nobody_has_written_under_it_for_long() throws Exception {
    KeyKeeper old = keeper("old");
    KeyKeeper fresh = keeper("new");
    assertEquals(Set.of("old", "new"), KeyKeeper.noted(database).keySet());
    now += 590_000;
    tend(old);
    now += 20_000;
    tend(fresh);
    assertEquals(Set.of("old", "new"), KeyKeeper.noted(database).keySet());
    now += 600_000;
    tend(fresh);
    assertEquals(Set.of("new"), KeyKeeper.noted(database).keySet());
    old.close();
    fresh.close();
  }

  @Test
  void a_key_is_not_forgotten_in_the_pass_that_still_found_it() throws Exception {
    keeper("old").close();
    fill();
    now += 10_000_000;
    try (KeyKeeper keeper = keeper("new")) {
      assertTrue(tend(keeper) > 0);
      assertTrue(KeyKeeper.noted(database).containsKey("old"));
      tend(keeper);
      assertFalse(KeyKeeper.noted(database).containsKey("old"));
    }
  }

  @Test
  void a_database_from_before_there_were_keys_holds_plain_secrets() throws Exception {
    assertEquals(Set.of(), KeyKeeper.noted(database).keySet());
    fill();
    assertEquals(Set.of(KeyKeeper.PLAIN), KeyKeeper.noted(database).keySet());
    try (KeyKeeper keeper = keeper("new")) {
      assertEquals(Set.of(KeyKeeper.PLAIN, "new"), KeyKeeper.noted(database).keySet());
      assertTrue(tend(keeper) > 0);
      assertEquals(0, tend(keeper));
      assertEquals(Set.of("new"), KeyKeeper.noted(database).keySet());
    }
  }

  @Test
  void a_node_without_a_key_leaves_what_is_sealed_alone() throws Exception {
    keeper("old").close();
    fill();
    try (KeyKeeper keeper = keeper(KeyKeeper.PLAIN)) {
      assertEquals(0, tend(keeper));
      assertEquals(Set.of("old", KeyKeeper.PLAIN), KeyKeeper.noted(database).keySet());
    }
  }

  @Test
  void one_node_at_a_time_renews() throws Exception {
    keeper("old").close();
    fill();
    try (KeyKeeper keeper = keeper("new");
        Connection other = database.connect();
        var statement = other.createStatement()) {
      statement.execute("select pg_advisory_lock(" + 0x6b617073656c03L + ")");
      assertEquals(0, tend(keeper));
      statement.execute("select pg_advisory_unlock_all()");
      assertTrue(tend(keeper) > 0);
    }
  }
}
