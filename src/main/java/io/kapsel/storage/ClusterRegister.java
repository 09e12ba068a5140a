package io.kapsel.storage;

import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * Which nodes of the cluster are alive, as far as the shared database has heard and by its clock.
 * Nodes that cannot reach each other still meet here.
 */
public interface ClusterRegister {
  /**
   * A node that was heard of within this time counts as alive. Longer than a living node may be
   * silent: frozen, or while the database fails over. All nodes of a database must agree on it.
   */
  long ALIVE_SECONDS = 30;

  /** Writes down that this member is alive; answers with the others that are. */
  CompletionStage<List<String>> alive(String address);

  /**
   * The other nodes that are alive. When there are none, this node counts as alive from now on: of
   * several that ask at once only one is told that it is alone.
   */
  CompletionStage<List<String>> found(String address);

  /** Forgets a node that is not a member, or will not be from now on. */
  CompletionStage<?> gone(String address);
}
