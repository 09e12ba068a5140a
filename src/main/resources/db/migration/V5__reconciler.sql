-- How far the reconciler has come through the webhook table; one row.
CREATE TABLE reconciler (
  singleton BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (singleton),
  watermark UUID NOT NULL
);

INSERT INTO reconciler (watermark) VALUES ('00000000-0000-0000-0000-000000000000');
