package io.kapsel.storage;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** Small values that all nodes share and that outlive them: hashes and keys of the service. */
public final class ServiceValues {
  private final Database database;

  public ServiceValues(Database database) {
    this.database = database;
  }

  public CompletionStage<Optional<byte[]>> find(String name) {
    return database.run(
        connection -> {
          try (PreparedStatement select =
              connection.prepareStatement("select value from service_value where name = ?")) {
            select.setString(1, name);
            try (ResultSet rows = select.executeQuery()) {
              return rows.next() ? Optional.of(rows.getBytes(1)) : Optional.empty();
            }
          }
        });
  }

  /** Whether the value is the given one now: false when another was there first. */
  public CompletionStage<Boolean> putIfAbsent(String name, byte[] value) {
    return put(name, value, "on conflict do nothing");
  }

  public CompletionStage<Boolean> put(String name, byte[] value) {
    return put(name, value, "on conflict (name) do update set value = excluded.value");
  }

  private CompletionStage<Boolean> put(String name, byte[] value, String onConflict) {
    return database.run(
        connection -> {
          try (PreparedStatement insert =
              connection.prepareStatement(
                  "insert into service_value (name, value) values (?, ?) " + onConflict)) {
            insert.setString(1, name);
            insert.setBytes(2, value);
            return insert.executeUpdate() > 0;
          }
        });
  }
}
