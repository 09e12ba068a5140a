package io.kapsel.simulation.world;

import akka.dispatch.DispatcherPrerequisites;
import akka.dispatch.ExecutorServiceConfigurator;
import akka.dispatch.ExecutorServiceFactory;
import com.typesafe.config.Config;
import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;

/** The {@code executor} of every dispatcher: what is executed becomes a task of the world. */
public final class VirtualExecutors extends ExecutorServiceConfigurator {
  private final Node node;

  /** Called by Akka. */
  public VirtualExecutors(Config config, DispatcherPrerequisites prerequisites) {
    super(config, prerequisites);
    node = WorldConfig.nodeOf(prerequisites.settings().config());
  }

  @Override
  public ExecutorServiceFactory createExecutorServiceFactory(String id, ThreadFactory threads) {
    String where = id.substring(id.lastIndexOf('.') + 1);
    return () -> new Virtual(node, where);
  }

  private static final class Virtual extends AbstractExecutorService {
    private final Node node;
    private final String where;
    private boolean shutdown;

    Virtual(Node node, String where) {
      this.node = node;
      this.where = where;
    }

    @Override
    public void execute(Runnable work) {
      if (shutdown) throw new RejectedExecutionException(where + " is shut down");
      World.inside().enqueue(node, where, work);
    }

    @Override
    public void shutdown() {
      shutdown = true;
    }

    @Override
    public List<Runnable> shutdownNow() {
      shutdown = true;
      return List.of();
    }

    @Override
    public boolean isShutdown() {
      return shutdown;
    }

    @Override
    public boolean isTerminated() {
      return shutdown;
    }

    @Override
    public boolean awaitTermination(long time, TimeUnit unit) {
      return shutdown;
    }
  }
}
