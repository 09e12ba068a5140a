package io.kapsel.simulation.world;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import java.util.HashMap;
import java.util.Map;

/**
 * Turns the production configuration into a simulated node's: the plug points, and nothing else.
 */
public final class WorldConfig {
  private static final String NODE = "kapsel.simulation.node";

  /** Everything that would reach for a thread, a socket, a native library or the JVM. */
  private static final Config PLUG_POINTS =
      ConfigFactory.parseString(
          """
          akka {
            actor.provider = cluster
            scheduler.implementation = "io.kapsel.simulation.world.VirtualScheduler"
            loggers = []
            use-slf4j = off
            loglevel = WARNING
            stdout-loglevel = OFF
            log-dead-letters = off
            log-dead-letters-during-shutdown = off
            jvm-shutdown-hooks = off
            jvm-exit-on-fatal-error = off
            java-flight-recorder.enabled = off
            library-extensions = []
            extensions = []
            coordinated-shutdown { run-by-jvm-shutdown-hook = off, exit-jvm = off }
            remote.artery.transport = tcp
            cluster {
              jmx.enabled = off
              distributed-data.durable.keys = []
              sharding {
                distributed-data.durable.keys = []
                remember-entities-store = eventsourced
                journal-plugin-id = "kapsel.simulation.journal"
                snapshot-plugin-id = "kapsel.simulation.snapshots"
              }
            }
            persistence {
              journal { plugin = "kapsel.simulation.journal", auto-start-journals = [] }
              snapshot-store { plugin = "kapsel.simulation.snapshots", auto-start-snapshot-stores = [] }
            }
          }
          kapsel.simulation {
            journal {
              class = "io.kapsel.simulation.storage.SimulatedJournal"
              plugin-dispatcher = "akka.actor.default-dispatcher"
            }
            snapshots {
              class = "io.kapsel.simulation.storage.SimulatedSnapshots"
              plugin-dispatcher = "akka.actor.default-dispatcher"
            }
          }
          """);

  private WorldConfig() {}

  /**
   * The configuration shared by all nodes of a run.
   *
   * @param production as the service would load it, references included
   * @param options what the run changes on purpose
   */
  public static Config shared(Config production, Config options) {
    Config resolved = options.withFallback(PLUG_POINTS).withFallback(production).resolve();
    Map<String, Object> dispatchers = new HashMap<>();
    virtualise("", resolved.root(), dispatchers);
    return ConfigFactory.parseMap(dispatchers).withFallback(resolved).resolve();
  }

  public static Config forNode(Config shared, Node node, int nodes) {
    Map<String, Object> own = new HashMap<>();
    own.put(NODE, node.name());
    own.put("akka.remote.artery.canonical.hostname", host(node.name()));
    own.put("akka.remote.artery.canonical.port", PORT);
    own.put("akka.remote.artery.bind.hostname", "");
    own.put("akka.remote.artery.bind.port", "");
    java.util.List<String> seeds = new java.util.ArrayList<>();
    for (int i = 1; i <= nodes; i++) seeds.add("akka://kapsel@" + host("n" + i) + ":" + PORT);
    own.put("akka.cluster.seed-nodes", seeds);
    return ConfigFactory.parseMap(own).withFallback(shared);
  }

  private static final int PORT = 2551;

  /** Nodes are named n1, n2, …; n1 lives at 10.0.0.1. */
  public static String host(String nodeName) {
    return "10.0.0." + nodeName.substring(1);
  }

  /** The incarnation that this actor system belongs to. */
  public static Node nodeOf(Config config) {
    return World.inside().node(config.getString(NODE));
  }

  /**
   * Every object with an executor is a dispatcher, so that a new one cannot escape. Pinned
   * dispatchers would ignore the executor; one message for each run gives the finest interleaving.
   */
  private static void virtualise(String path, ConfigObject object, Map<String, Object> out) {
    if (object.containsKey("executor") && !path.isEmpty()) {
      out.put(path + ".type", "Dispatcher");
      out.put(path + ".executor", VirtualExecutors.class.getName());
      out.put(path + ".throughput", 1);
      out.put(path + ".throughput-deadline-time", "0ms");
    }
    for (Map.Entry<String, ConfigValue> entry : object.entrySet()) {
      if (entry.getValue() instanceof ConfigObject child) {
        String key = ConfigUtil.joinPath(entry.getKey());
        virtualise(path.isEmpty() ? key : path + "." + key, child, out);
      }
    }
  }
}
