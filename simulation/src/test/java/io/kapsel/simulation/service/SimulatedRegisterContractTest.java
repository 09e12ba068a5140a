package io.kapsel.simulation.service;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.simulation.storage.Database;
import io.kapsel.simulation.world.Interleaving;
import io.kapsel.simulation.world.Node;
import io.kapsel.simulation.world.Randomness;
import io.kapsel.simulation.world.Trace;
import io.kapsel.simulation.world.World;
import io.kapsel.storage.ClusterRegister;
import io.kapsel.storage.ClusterRegisterContract;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** The simulator's register, inside a world. */
class SimulatedRegisterContractTest implements ClusterRegisterContract {
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);

  private World world;
  private SimulatedRegister register;

  @BeforeEach
  void begin() {
    world = new World(new Randomness(1), Interleaving.Kind.UNIFORM, new Trace());
    Database database = new Database(world);
    Node node = world.boot("n1");
    register =
        new SimulatedRegister(node, new Recorder(world), database, new SimulatedRegister.Rows());
  }

  @AfterEach
  void end() {
    world.close();
  }

  @Override
  public Bench bench() {
    return new Bench() {
      @Override
      public ClusterRegister register() {
        return register;
      }

      @Override
      public <T> T await(CompletionStage<T> answer) {
        CompletableFuture<T> future = answer.toCompletableFuture();
        assertTrue(world.runUntil(future::isDone, PATIENCE_NANOS));
        return future.join();
      }

      @Override
      public void pass(long seconds) {
        world.runFor(TimeUnit.SECONDS.toNanos(seconds));
      }
    };
  }
}
