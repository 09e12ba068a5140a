-- Every creation removes the tenant's reservations that have lapsed: few, among however many endpoints.
CREATE INDEX endpoint_reserved_idx ON endpoint (tenant_id, created_at) WHERE version = 0;
