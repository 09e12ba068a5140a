-- Partitioned by day. The ids are UUIDv7, so that a range of ids is a range of times and no column
-- for the time of receipt is needed. Days are attached by the service; the default partition takes
-- what has no day, so that nothing is ever refused for want of a partition.

-- Written once, before the webhook is acknowledged, and never updated except by erasure.
CREATE TABLE webhook (
  id UUID NOT NULL,
  endpoint_id UUID NOT NULL,
  tenant_id UUID NOT NULL,
  lane_key BIGINT NOT NULL,
  body_bytes INTEGER NOT NULL,
  content_type TEXT NOT NULL,
  idempotency_key TEXT NOT NULL,
  body_sha256 BYTEA NOT NULL,
  -- "Name: value" lines in ISO-8859-1, each ended by a line feed
  headers BYTEA NOT NULL,
  body BYTEA NOT NULL,
  erased_at TIMESTAMPTZ,
  PRIMARY KEY (id)
) PARTITION BY RANGE (id);

CREATE INDEX webhook_endpoint_idx ON webhook (endpoint_id, id);

-- Where a webhook stands after its latest attempt. No row: received, not attempted yet.
CREATE TABLE webhook_outcome (
  webhook_id UUID NOT NULL,
  endpoint_id UUID NOT NULL,
  next_attempt_at TIMESTAMPTZ,
  delivered_at TIMESTAMPTZ,
  attempts INTEGER NOT NULL,
  -- pending, delivered, failed or dead_letter
  status TEXT NOT NULL,
  PRIMARY KEY (webhook_id)
) PARTITION BY RANGE (webhook_id);

-- What is not simply delivered is rare and looked for often.
CREATE INDEX webhook_outcome_undelivered_idx ON webhook_outcome (endpoint_id, status, webhook_id)
  WHERE status <> 'delivered';

CREATE TABLE delivery_attempt (
  webhook_id UUID NOT NULL,
  attempt_number INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL,
  attempted_at TIMESTAMPTZ NOT NULL,
  next_attempt_at TIMESTAMPTZ,
  -- 0: there was no response
  response_status INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  -- empty: delivered
  error_code TEXT NOT NULL,
  error_message TEXT NOT NULL,
  response_excerpt TEXT NOT NULL,
  PRIMARY KEY (webhook_id, attempt_number)
) PARTITION BY RANGE (webhook_id);

CREATE TABLE webhook_default PARTITION OF webhook DEFAULT;
CREATE TABLE webhook_outcome_default PARTITION OF webhook_outcome DEFAULT;
CREATE TABLE delivery_attempt_default PARTITION OF delivery_attempt DEFAULT;
