package io.kapsel.node;

import akka.actor.ActorRef;
import akka.actor.ExtendedActorSystem;
import akka.actor.InternalActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Adapter;
import akka.dispatch.sysmsg.Watch;
import akka.pattern.Patterns;
import akka.remote.RemoteActorRefProvider;
import akka.remote.RemoteWatcher;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Says again which actors of other nodes this one watches.
 *
 * <p>Akka sends a watch once, and Artery (2.8.5) can lose it: when a node is back before its
 * earlier life is removed, the delayed quarantine of that life starts the numbers of system
 * messages to the living one at 1 again, and it drops as repeated what has a number it knows. A
 * coordinator that does not hear that a region of the earlier life is gone never gives its shards
 * to another. Watching what is watched already changes nothing. docs/adr/0017 has the reasons.
 */
final class RemoteWatches {
  private static final Duration ANSWER_WITHIN = Duration.ofSeconds(3);

  private RemoteWatches() {}

  static void repeat(ActorSystem<?> system) {
    var provider =
        (RemoteActorRefProvider) ((ExtendedActorSystem) Adapter.toClassic(system)).provider();
    if (provider.remoteWatcher().isEmpty()) return;
    ActorRef watcher = provider.remoteWatcher().get();
    Patterns.ask(watcher, RemoteWatcher.Stats$.MODULE$, ANSWER_WITHIN)
        .thenAccept(stats -> repeat((RemoteWatcher.Stats) stats, (InternalActorRef) watcher));
  }

  private static void repeat(RemoteWatcher.Stats stats, InternalActorRef watcher) {
    Map<String, InternalActorRef> watched = new TreeMap<>();
    for (var watch : CollectionConverters.asJava(stats.watchingRefs()))
      watched.put(watch._1().path().toSerializationFormat(), (InternalActorRef) watch._1());
    for (InternalActorRef each : watched.values()) each.sendSystemMessage(new Watch(each, watcher));
  }
}
