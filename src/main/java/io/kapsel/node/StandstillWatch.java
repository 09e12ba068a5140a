package io.kapsel.node;

import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Down;
import com.typesafe.config.Config;
import java.time.Duration;
import java.time.InstantSource;

/**
 * Ends a node that stood still for so long (a stopped process, a starved machine) that the others
 * have taken it down. It would hear of that only when it has found them unreachable for as long;
 * until then its endpoints would start again and again beside those that live on elsewhere.
 */
final class StandstillWatch extends AbstractBehavior<StandstillWatch.Tick> {
  enum Tick {
    INSTANCE
  }

  private static final Duration EVERY = Duration.ofSeconds(1);

  private final Cluster cluster;
  private final InstantSource clock;
  private final long standstillMillisMax;
  private long tickedAtMillis;

  static Behavior<Tick> create(InstantSource clock) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  timers.startTimerWithFixedDelay(Tick.INSTANCE, EVERY);
                  return new StandstillWatch(context, clock);
                }));
  }

  private StandstillWatch(ActorContext<Tick> context, InstantSource clock) {
    super(context);
    this.cluster = Cluster.get(context.getSystem());
    this.clock = clock;
    this.standstillMillisMax = takenDownAfterMillis(context.getSystem());
    this.tickedAtMillis = clock.millis();
  }

  /** How long the others wait for a node that is silent. */
  private static long takenDownAfterMillis(ActorSystem<?> system) {
    Config akka = system.settings().config().getConfig("akka.cluster");
    return akka.getDuration("failure-detector.acceptable-heartbeat-pause")
        .plus(akka.getDuration("split-brain-resolver.stable-after"))
        .toMillis();
  }

  @Override
  public Receive<Tick> createReceive() {
    return newReceiveBuilder().onMessage(Tick.class, tick -> onTick()).build();
  }

  private Behavior<Tick> onTick() {
    long stoodStillMillis = clock.millis() - tickedAtMillis;
    tickedAtMillis += stoodStillMillis;
    if (stoodStillMillis > standstillMillisMax && hasOthers()) {
      getContext()
          .getLog()
          .warn("This node stood still for {} ms. It ends: the others go on.", stoodStillMillis);
      cluster.manager().tell(new Down(cluster.selfMember().address()));
    }
    return this;
  }

  private boolean hasOthers() {
    return cluster.state().members().size() > 1;
  }
}
