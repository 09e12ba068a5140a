-- When each node of the cluster was last heard of. A node asks here before it forms a cluster.
CREATE TABLE cluster_node (
  address TEXT PRIMARY KEY,
  alive_at TIMESTAMPTZ NOT NULL
);
