package io.kapsel.storage;

import io.kapsel.core.limit.Quota;
import io.kapsel.core.webhook.TenantId;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.concurrent.CompletionStage;

/** The {@code quota_use} table: what all nodes have drawn of the tenants' quotas. */
public final class QuotaUse {
  /**
   * @param webhooks how many the node may accept, 0 when the quota is used up
   * @param windowEndsSeconds the end of the window since 1970, which names it
   * @param endsInMillis until the window is over, by the database's clock; at least 1
   */
  public record Draw(long webhooks, long windowEndsSeconds, long endsInMillis) {}

  private final Database database;

  public QuotaUse(Database database) {
    this.database = database;
  }

  /** Draws up to {@code wanted}, and what is left when that is less, by the database's clock. */
  public CompletionStage<Draw> draw(TenantId tenant, Quota quota, long wanted) {
    return database.run(
        connection -> {
          try (PreparedStatement draw =
              connection.prepareStatement(
                  """
                  with asked as (
                    select ?::uuid as tenant, ?::bigint as quota, ?::bigint as wanted,
                      to_timestamp((floor(extract(epoch from now()) / w) + 1) * w) as ends
                    from (select ?::bigint as w) as window_length)
                  insert into quota_use as u (tenant_id, window_ends, used, granted)
                  select tenant, ends, least(wanted, quota), least(wanted, quota) from asked
                  on conflict (tenant_id) do update set
                    window_ends = excluded.window_ends,
                    granted = case when u.window_ends = excluded.window_ends
                      then greatest(0, least(?, ? - u.used)) else excluded.granted end,
                    used = case when u.window_ends = excluded.window_ends
                      then u.used + greatest(0, least(?, ? - u.used)) else excluded.used end
                  returning granted, extract(epoch from window_ends)::bigint,
                    ceil(extract(epoch from window_ends - now()) * 1000)::bigint
                  """)) {
            draw.setObject(1, Columns.uuid(tenant));
            draw.setLong(2, quota.webhooks());
            draw.setLong(3, wanted);
            draw.setLong(4, quota.windowSeconds());
            draw.setLong(5, wanted);
            draw.setLong(6, quota.webhooks());
            draw.setLong(7, wanted);
            draw.setLong(8, quota.webhooks());
            try (ResultSet rows = draw.executeQuery()) {
              rows.next();
              return new Draw(rows.getLong(1), rows.getLong(2), rows.getLong(3));
            }
          }
        });
  }
}
