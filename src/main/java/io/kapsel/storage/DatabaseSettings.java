package io.kapsel.storage;

import io.kapsel.core.webhook.Secret;

/**
 * @param url a JDBC URL without credentials
 * @param poolConnections for queries and single writes; the batch lanes and the journal have
 *     connections of their own
 * @param queuedQueriesMax further queries are refused
 * @param acquireTimeoutMillis how long a query waits for a connection of the pool
 * @param connectTimeoutMillis for opening a connection, in the background
 * @param startTimeoutMillis how long a start waits for the database to accept connections
 * @param socketTimeoutMillis after which a connection that does not answer is given up; longer than
 *     any statement may take
 * @param statementTimeoutMillis for one query of the pool
 */
public record DatabaseSettings(
    String url,
    String user,
    Secret password,
    int poolConnections,
    int queuedQueriesMax,
    int acquireTimeoutMillis,
    int connectTimeoutMillis,
    int startTimeoutMillis,
    int socketTimeoutMillis,
    int statementTimeoutMillis) {

  public static DatabaseSettings of(String url, String user, Secret password) {
    return new DatabaseSettings(url, user, password, 3, 1_000, 1_000, 5_000, 15_000, 20_000, 5_000);
  }

  public static DatabaseSettings of(EmbeddedPostgres postgres) {
    return of(postgres.jdbcUrl(), postgres.user(), postgres.password());
  }
}
