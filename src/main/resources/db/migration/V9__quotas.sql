-- Webhooks that a tenant may have accepted in a window; 0: none. Windows are multiples of their
-- length since 1970-01-01T00:00:00Z.
ALTER TABLE tenant ADD COLUMN ingest_quota BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tenant ADD COLUMN ingest_quota_window_seconds INTEGER NOT NULL DEFAULT 86400;

-- What the nodes have drawn of it in the current window.
CREATE TABLE quota_use (
  tenant_id UUID PRIMARY KEY REFERENCES tenant (id),
  window_ends TIMESTAMPTZ NOT NULL,
  used BIGINT NOT NULL,
  -- by the last statement that drew
  granted BIGINT NOT NULL
);
