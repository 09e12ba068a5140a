package io.kapsel.simulation.toy;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
import akka.persistence.typed.PersistenceId;
import akka.persistence.typed.javadsl.CommandHandler;
import akka.persistence.typed.javadsl.Effect;
import akka.persistence.typed.javadsl.EventHandler;
import akka.persistence.typed.javadsl.EventSourcedBehavior;
import akka.persistence.typed.javadsl.RetentionCriteria;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** A small persistent counter with timers, for the world's own tests. */
public final class Toy extends EventSourcedBehavior<Toy.Command, Toy.Added, Toy.Total> {
  public static final EntityTypeKey<Command> KEY = EntityTypeKey.create(Command.class, "toy");

  /** Bound to Jackson's CBOR. */
  public interface CborSerializable {}

  public sealed interface Command extends CborSerializable {}

  public record Add(int amount, ActorRef<Total> replyTo) implements Command {}

  public record Tick() implements Command {}

  public record Stop() implements Command {}

  public record Added(int amount) implements CborSerializable {}

  public record Total(int value) implements CborSerializable {}

  private final ActorContext<Command> context;

  private Toy(String id, ActorContext<Command> context, TimerScheduler<Command> timers) {
    super(
        PersistenceId.of("toy", id),
        SupervisorStrategy.restartWithBackoff(Duration.ofMillis(100), Duration.ofSeconds(5), 0.2));
    this.context = context;
    timers.startTimerWithFixedDelay(new Tick(), Duration.ofSeconds(1));
  }

  public static Behavior<Command> create(String id) {
    return Behaviors.setup(context -> Behaviors.withTimers(timers -> new Toy(id, context, timers)));
  }

  @Override
  public Total emptyState() {
    return new Total(0);
  }

  @Override
  public CommandHandler<Command, Added, Total> commandHandler() {
    return (state, command) ->
        switch (command) {
          case Add add ->
              Effect().persist(new Added(add.amount)).thenRun(after -> add.replyTo.tell(after));
          case Tick tick -> {
            if (ThreadLocalRandom.current().nextInt(50) == 0) context.getLog().warn("tick");
            yield Effect().none();
          }
          case Stop stop -> Effect().stop();
        };
  }

  @Override
  public EventHandler<Total, Added> eventHandler() {
    return (state, event) -> new Total(state.value + event.amount);
  }

  @Override
  public RetentionCriteria retentionCriteria() {
    return RetentionCriteria.snapshotEvery(5, 2);
  }
}
