package io.kapsel.storage;

import io.kapsel.core.webhook.Secret;
import io.kapsel.core.webhook.Sha256;
import io.kapsel.core.webhook.TenantId;
import java.nio.charset.StandardCharsets;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.random.RandomGenerator;

/** The {@code api_key} table. A key's secret is known to its owner alone: its hash is kept. */
public final class ApiKeys {
  /** A bearer token (RFC 6750 §2.1), and bounded: longer ones are no key of ours. */
  public static final String SECRET_FORM = "[A-Za-z0-9._~+/-]{1,200}=*";

  public enum Scope {
    READ,
    WRITE,
    ADMIN;

    /** As it is kept and shown. */
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * @param lastCharacters of the secret, to tell keys apart
   * @param expiresAtMillis 0 for never
   * @param revokedAtMillis 0 for not
   */
  public record ApiKey(
      UUID id,
      TenantId tenant,
      String name,
      Set<Scope> scopes,
      String lastCharacters,
      long createdAtMillis,
      long expiresAtMillis,
      long revokedAtMillis) {

    public boolean isUsableAt(long nowMillis) {
      return revokedAtMillis == 0 && (expiresAtMillis == 0 || nowMillis < expiresAtMillis);
    }
  }

  private static final String PREFIX = "kps_";
  private static final int SECRET_BYTES = 24;
  private static final int LAST_CHARACTERS = 4;
  private static final String SELECT =
      "select k.id, k.tenant_id, k.name, k.scopes, k.last_characters, k.created_at, k.expires_at,"
          + " k.revoked_at from api_key k ";

  private final Database database;

  public ApiKeys(Database database) {
    this.database = database;
  }

  /** A new secret of 192 random bits; the generator must be a secure one. */
  public static Secret newSecret(RandomGenerator secureRandom) {
    byte[] bytes = new byte[SECRET_BYTES];
    secureRandom.nextBytes(bytes);
    return new Secret(PREFIX + HexFormat.of().formatHex(bytes));
  }

  /** What is kept of a secret. */
  public static byte[] hash(String secret) {
    return Sha256.of(secret.getBytes(StandardCharsets.UTF_8));
  }

  /** Changes nothing when the secret is known already, for this or another key. */
  public CompletionStage<Boolean> create(ApiKey key, Secret secret) {
    return database.run(
        connection -> {
          try (PreparedStatement insert =
              connection.prepareStatement(
                  "insert into api_key (id, tenant_id, name, hash, last_characters, scopes,"
                      + " created_at, expires_at, revoked_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?)"
                      + " on conflict (hash) do nothing")) {
            insert.setObject(1, key.id());
            insert.setObject(2, Columns.uuid(key.tenant()));
            insert.setString(3, key.name());
            insert.setBytes(4, hash(secret.value()));
            insert.setString(5, key.lastCharacters());
            insert.setArray(
                6,
                connection.createArrayOf(
                    "text", key.scopes().stream().map(Scope::text).toArray(String[]::new)));
            Columns.setMillis(insert, 7, key.createdAtMillis());
            Columns.setMillis(insert, 8, key.expiresAtMillis());
            Columns.setMillis(insert, 9, key.revokedAtMillis());
            return insert.executeUpdate() > 0;
          }
        });
  }

  /** The part of a secret that may be shown again. */
  public static String lastCharacters(Secret secret) {
    String value = secret.value();
    return value.substring(Math.max(0, value.length() - LAST_CHARACTERS));
  }

  /** The key with this hash, usable or not; none when its tenant is gone. */
  public CompletionStage<Optional<ApiKey>> findByHash(byte[] hash) {
    return database.run(
        connection -> {
          try (PreparedStatement select =
              connection.prepareStatement(
                  SELECT
                      + "join tenant t on t.id = k.tenant_id and t.deleted_at is null"
                      + " where k.hash = ?")) {
            select.setBytes(1, hash);
            return all(select).stream().findFirst();
          }
        });
  }

  /** Newest first by id, older than {@code before} when given; revoked ones too. */
  public CompletionStage<List<ApiKey>> list(TenantId tenant, Optional<UUID> before, int limit) {
    return database.run(
        connection -> {
          try (PreparedStatement select =
              connection.prepareStatement(
                  SELECT + "where k.tenant_id = ? and k.id < ? order by k.id desc limit ?")) {
            select.setObject(1, Columns.uuid(tenant));
            select.setObject(2, before.orElse(new UUID(-1, -1)));
            select.setInt(3, limit);
            return all(select);
          }
        });
  }

  /** True when the tenant has this key; a key revoked before keeps its time. */
  public CompletionStage<Boolean> revoke(TenantId tenant, UUID id, long nowMillis) {
    return database.run(
        connection -> {
          try (PreparedStatement update =
              connection.prepareStatement(
                  "update api_key set revoked_at = coalesce(revoked_at, ?)"
                      + " where tenant_id = ? and id = ?")) {
            Columns.setMillis(update, 1, nowMillis);
            update.setObject(2, Columns.uuid(tenant));
            update.setObject(3, id);
            return update.executeUpdate() > 0;
          }
        });
  }

  private static List<ApiKey> all(PreparedStatement select) throws SQLException {
    var keys = new ArrayList<ApiKey>();
    try (ResultSet rows = select.executeQuery()) {
      while (rows.next()) {
        var scopes = EnumSet.noneOf(Scope.class);
        for (Object scope : (Object[]) rows.getArray(4).getArray()) {
          scopes.add(Scope.valueOf(scope.toString().toUpperCase(Locale.ROOT)));
        }
        keys.add(
            new ApiKey(
                rows.getObject(1, UUID.class),
                Columns.tenantId(rows, 2),
                rows.getString(3),
                scopes,
                rows.getString(5),
                Columns.millis(rows, 6),
                Columns.millis(rows, 7),
                Columns.millis(rows, 8)));
      }
    }
    return keys;
  }
}
