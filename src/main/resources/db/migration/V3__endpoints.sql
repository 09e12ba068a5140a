-- The directory of endpoints. Their actors own the configuration and keep these rows current;
-- secrets stay in the journal.
CREATE TABLE endpoint (
  id UUID PRIMARY KEY,
  tenant_id UUID NOT NULL,
  name TEXT NOT NULL,
  status TEXT NOT NULL,
  version BIGINT NOT NULL,
  config JSONB NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL
);

CREATE UNIQUE INDEX endpoint_name_idx ON endpoint (tenant_id, name) WHERE status <> 'deleted';
CREATE INDEX endpoint_tenant_idx ON endpoint (tenant_id, id);
