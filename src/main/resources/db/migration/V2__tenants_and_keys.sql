CREATE TABLE tenant (
  id UUID PRIMARY KEY,
  name TEXT NOT NULL,
  version BIGINT NOT NULL,
  -- 0 in a limit: none
  ingest_rate_per_second DOUBLE PRECISION NOT NULL,
  ingest_burst INTEGER NOT NULL,
  delivery_concurrency INTEGER NOT NULL,
  max_endpoints INTEGER NOT NULL,
  allow_private_destination BOOLEAN NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL,
  deleted_at TIMESTAMPTZ
);

CREATE UNIQUE INDEX tenant_name_idx ON tenant (name) WHERE deleted_at IS NULL;

-- Only the SHA-256 of a key is kept: the key itself is random and long, so a plain hash suffices.
CREATE TABLE api_key (
  id UUID PRIMARY KEY,
  tenant_id UUID NOT NULL REFERENCES tenant (id),
  name TEXT NOT NULL,
  hash BYTEA NOT NULL,
  last_characters TEXT NOT NULL,
  scopes TEXT[] NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  expires_at TIMESTAMPTZ,
  revoked_at TIMESTAMPTZ
);

CREATE UNIQUE INDEX api_key_hash_idx ON api_key (hash);
CREATE INDEX api_key_tenant_idx ON api_key (tenant_id, id);

-- What all nodes must agree on and outlives them, such as the hash of the operator's key and the
-- key that authenticates cursors.
CREATE TABLE service_value (
  name TEXT PRIMARY KEY,
  value BYTEA NOT NULL
);
