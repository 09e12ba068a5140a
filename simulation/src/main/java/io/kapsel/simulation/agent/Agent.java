package io.kapsel.simulation.agent;

import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.security.ProtectionDomain;
import org.jspecify.annotations.Nullable;

/** {@code -javaagent:kapsel-simulation-agent.jar} */
public final class Agent {
  private static volatile boolean active;

  private Agent() {}

  /** Whether this JVM was started with the agent, that is whether it can simulate. */
  public static boolean active() {
    return active || Boolean.getBoolean("kapsel.simulation.agent");
  }

  public static void premain(@Nullable String arguments, Instrumentation instrumentation) {
    // Loaded before it is in place: a transformer that loads its own classes while it transforms
    // ends in a ClassCircularityError.
    Transformer transformer = new Transformer();
    if (CallSites.applyTo("java/")) throw new IllegalStateException("never JDK classes");
    instrumentation.addTransformer(transformer);
    System.setProperty("kapsel.simulation.agent", "true");
    active = true;
  }

  private static final class Transformer implements ClassFileTransformer {
    @Override
    public byte @Nullable [] transform(
        @Nullable ClassLoader loader,
        @Nullable String name,
        @Nullable Class<?> redefined,
        @Nullable ProtectionDomain domain,
        byte[] bytes) {
      if (loader == null || name == null || !CallSites.applyTo(name)) return null;
      try {
        return CallSites.redirect(name, bytes);
      } catch (RuntimeException | LinkageError e) {
        // The JVM would swallow this and run the class unredirected: a hole in the determinism.
        System.err.println("kapsel simulation agent: cannot redirect " + name + ": " + e);
        Runtime.getRuntime().halt(4);
        return null;
      }
    }
  }
}
