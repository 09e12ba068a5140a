-- Replays of an endpoint's past. Whichever node holds the lease goes on from the position, so that
-- a replay outlives the node that began it.
CREATE TABLE replay (
  id UUID PRIMARY KEY,
  tenant_id UUID NOT NULL,
  endpoint_id UUID NOT NULL,
  since TIMESTAMPTZ NOT NULL,
  until TIMESTAMPTZ NOT NULL,
  statuses TEXT[] NOT NULL,
  -- running, completed or failed
  status TEXT NOT NULL,
  -- the webhook up to which everything is done
  position UUID NOT NULL,
  seen BIGINT NOT NULL,
  replayed BIGINT NOT NULL,
  leased_until TIMESTAMPTZ NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  finished_at TIMESTAMPTZ
);

CREATE UNIQUE INDEX replay_running_idx ON replay (endpoint_id) WHERE status = 'running';
CREATE INDEX replay_lease_idx ON replay (leased_until) WHERE status = 'running';
