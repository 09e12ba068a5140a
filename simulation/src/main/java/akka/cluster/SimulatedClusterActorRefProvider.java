package akka.cluster;

import akka.actor.ActorRef;
import akka.actor.ActorSystem;
import akka.actor.ActorSystemImpl;
import akka.actor.DynamicAccess;
import akka.actor.Props;
import akka.event.EventStream;
import akka.event.MarkerLoggingAdapter;
import akka.remote.RemoteActorRefProvider;
import akka.remote.RemoteSystemDaemon;
import akka.remote.RemoteTransport;
import akka.remote.artery.PipedArteryTransport;
import akka.remote.serialization.ActorRefResolveThreadLocalCache$;
import io.kapsel.simulation.world.WorldConfig;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import scala.Option;

/**
 * Akka's cluster provider with another transport. Its init names the TCP transport in code, so it
 * is repeated here line by line with {@link PipedArteryTransport} in that place (Akka 2.8.5,
 * RemoteActorRefProvider.scala).
 */
public final class SimulatedClusterActorRefProvider extends ClusterActorRefProvider {
  /** Called by Akka. */
  public SimulatedClusterActorRefProvider(
      String name, ActorSystem.Settings settings, EventStream events, DynamicAccess access) {
    super(name, settings, events, access);
  }

  @Override
  public void init(ActorSystemImpl system) {
    try {
      local().init(system);
      set(
          "actorRefResolveThreadLocalCache",
          ActorRefResolveThreadLocalCache$.MODULE$.apply((ActorSystem) system));
      Class<?> type = Class.forName("akka.remote.RemoteActorRefProvider$RemotingTerminator");
      Props props = Props.create(type, local().systemGuardian());
      ActorRef terminator =
          system.systemActorOf(remoteSettings().configureDispatcher(props), "remoting-terminator");
      set("remotingTerminator", terminator);
      RemoteSystemDaemon daemon = daemon(system, terminator);
      RemoteTransport transport =
          new PipedArteryTransport(system, this, WorldConfig.nodeOf(system.settings().config()));
      Object internals = internals(transport, daemon);
      set("_internals", internals);
      terminator.tell(internals, ActorRef.noSender());
      transport.start();
      set("_addressString", transport.defaultAddress().toString());
      set("_remoteWatcher", Option.apply(createRemoteWatcher(system)));
      set("remoteDeploymentWatcher", Option.apply(createRemoteDeploymentWatcher(system)));
      Cluster.get((ActorSystem) system);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this Akka is laid out differently", e);
    }
  }

  @SuppressWarnings({"rawtypes", "unchecked"})
  private RemoteSystemDaemon daemon(ActorSystemImpl system, ActorRef terminator) {
    MarkerLoggingAdapter log =
        new MarkerLoggingAdapter(
            system.eventStream(), "remote", RemoteActorRefProvider.class, system.logFilter());
    RemoteSystemDaemon daemon =
        new RemoteSystemDaemon(
            system,
            local().rootPath().child("remote"),
            rootGuardian(),
            terminator,
            log,
            remoteSettings().untrustedMode());
    scala.collection.immutable.Map none = scala.collection.immutable.Map$.MODULE$.empty();
    Object names = none.updated("remote", daemon);
    local().registerExtraNames((scala.collection.immutable.Map) names);
    return daemon;
  }

  private static Object internals(RemoteTransport transport, RemoteSystemDaemon daemon)
      throws ReflectiveOperationException {
    Class<?> type = Class.forName("akka.remote.RemoteActorRefProvider$Internals");
    Constructor<?> constructor = type.getConstructors()[0];
    constructor.setAccessible(true);
    return constructor.newInstance(transport, daemon);
  }

  private void set(String name, Object value) throws ReflectiveOperationException {
    Field field = RemoteActorRefProvider.class.getDeclaredField(name);
    field.setAccessible(true);
    field.set(this, value);
  }
}
