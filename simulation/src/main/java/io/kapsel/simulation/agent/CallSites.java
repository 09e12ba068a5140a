package io.kapsel.simulation.agent;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.Handle;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/**
 * Which call sites are redirected. Every rule keeps the stack shape of the call it replaces, so
 * that frames stay valid and nothing is recomputed.
 */
final class CallSites {
  private static final String HOOKS = "io/kapsel/simulation/world/Hooks";
  private static final String FUTURE = "java/util/concurrent/CompletableFuture";
  private static final String RETURNS_FUTURE = "L" + FUTURE + ";";
  private static final String PRODUCT = "io/kapsel/";
  private static final String ENDPOINT = PRODUCT + "core/endpoint/Endpoint";
  private static final String OPERATION = PRODUCT + "simulation/mutant/Operation";
  private static final String SIMULATION = "io/kapsel/simulation/";
  private static final String[] PREFIXES = {
    "akka/", "scala/concurrent/", "scala/compat/java8/", "scala/jdk/", "scala/util/Random", PRODUCT
  };

  /** Subclasses of CompletableFuture whose non-async methods call their async ones. */
  private static final Set<String> STAGES =
      Set.of(
          FUTURE,
          "java/util/concurrent/CompletionStage",
          "scala/concurrent/java8/FuturesConvertersImpl$CF",
          "scala/concurrent/impl/FutureConvertersImpl$CF");

  private record Target(String owner, String hook, String descriptor) {}

  private static final Map<String, Target> REDIRECTED = new TreeMap<>();

  /** Calls that the product must not make inside a simulated world: announced, then made. */
  private static final Set<String> FORBIDDEN =
      Set.of(
          "java/lang/Thread.startVirtualThread",
          "java/lang/Thread.ofVirtual",
          "java/lang/Thread.ofPlatform",
          "java/util/concurrent/ForkJoinPool.commonPool",
          FUTURE + ".delayedExecutor",
          "java/util/concurrent/Executors.newCachedThreadPool",
          "java/util/concurrent/Executors.newFixedThreadPool",
          "java/util/concurrent/Executors.newSingleThreadExecutor",
          "java/util/concurrent/Executors.newScheduledThreadPool",
          "java/util/concurrent/Executors.newSingleThreadScheduledExecutor",
          "java/util/concurrent/Executors.newThreadPerTaskExecutor",
          "java/util/concurrent/Executors.newVirtualThreadPerTaskExecutor",
          "java/util/concurrent/Executors.newWorkStealingPool",
          "java/util/Timer.<init>");

  static {
    statically("java/lang/System", "nanoTime", "()J", "nanoTime");
    statically("java/lang/System", "currentTimeMillis", "()J", "currentTimeMillis");
    statically("java/time/Instant", "now", "()Ljava/time/Instant;", "instantNow");
    statically("java/time/Clock", "systemUTC", "()Ljava/time/Clock;", "systemUtc");
    statically("java/time/InstantSource", "system", "()Ljava/time/InstantSource;", "instantSource");
    statically("java/util/UUID", "randomUUID", "()Ljava/util/UUID;", "randomUuid");
    statically("java/lang/Math", "random", "()D", "random");
    statically("java/lang/Thread", "sleep", "(J)V", "sleep");
    virtually("java/lang/Thread", "start", "()V", "startThread");
    virtually(
        "java/util/concurrent/CountDownLatch",
        "await",
        "(JLjava/util/concurrent/TimeUnit;)Z",
        "awaitLatch");
    statically(
        FUTURE, "supplyAsync", "(Ljava/util/function/Supplier;)" + RETURNS_FUTURE, "supplyAsync");
    statically(FUTURE, "runAsync", "(Ljava/lang/Runnable;)" + RETURNS_FUTURE, "runAsync");
    virtually(
        FUTURE, "orTimeout", "(JLjava/util/concurrent/TimeUnit;)" + RETURNS_FUTURE, "orTimeout");
    virtually(
        FUTURE,
        "completeOnTimeout",
        "(Ljava/lang/Object;JLjava/util/concurrent/TimeUnit;)" + RETURNS_FUTURE,
        "completeOnTimeout");
    virtually(FUTURE, "join", "()Ljava/lang/Object;", "join");
    virtually(FUTURE, "get", "()Ljava/lang/Object;", "get");
    virtually(
        "scala/concurrent/Await$",
        "result",
        "(Lscala/concurrent/Awaitable;Lscala/concurrent/duration/Duration;)Ljava/lang/Object;",
        "awaitResult");
    virtually(
        "scala/concurrent/Await$",
        "ready",
        "(Lscala/concurrent/Awaitable;Lscala/concurrent/duration/Duration;)Lscala/concurrent/Awaitable;",
        "awaitReady");
    // Log events go to the trace at once instead of through logger actors, so that a log level can
    // never change the schedule.
    virtually("akka/event/EventStream", "publish", "(Ljava/lang/Object;)V", "publish");
    virtually("akka/event/LoggingBus", "publish", "(Ljava/lang/Object;)V", "publish");
    virtually("akka/event/SubchannelClassification", "publish", "(Ljava/lang/Object;)V", "publish");
    String state = "(L" + PRODUCT + "core/endpoint/State;L" + PRODUCT + "core/endpoint/Flight;";
    String limits = "L" + PRODUCT + "core/endpoint/Limits;)";
    operated(
        "decide",
        state
            + "L"
            + ENDPOINT
            + "$Command;JL"
            + PRODUCT
            + "core/endpoint/Jitter;"
            + limits
            + "L"
            + ENDPOINT
            + "$Decision;");
    operated("plan", state + "J" + limits + "L" + ENDPOINT + "$Plan;");
  }

  private CallSites() {}

  private static void statically(String owner, String name, String descriptor, String hook) {
    REDIRECTED.put(owner + "." + name + descriptor, new Target(HOOKS, hook, descriptor));
  }

  /** Where a planted bug can get between the endpoint's actor and its decisions. */
  private static void operated(String name, String descriptor) {
    REDIRECTED.put(ENDPOINT + "." + name + descriptor, new Target(OPERATION, name, descriptor));
  }

  private static void virtually(String owner, String name, String descriptor, String hook) {
    String withReceiver = "(L" + owner + ";" + descriptor.substring(1);
    REDIRECTED.put(owner + "." + name + descriptor, new Target(HOOKS, hook, withReceiver));
  }

  static boolean applyTo(String className) {
    if (className.startsWith(SIMULATION)) return className.startsWith(SIMULATION + "toy/");
    for (String prefix : PREFIXES) if (className.startsWith(prefix)) return true;
    return false;
  }

  /** The rewritten class, or null when it has nothing to redirect. */
  static byte @Nullable [] redirect(String className, byte[] original) {
    ClassReader reader = new ClassReader(original);
    ClassWriter writer = new ClassWriter(reader, 0);
    Rewriter rewriter = new Rewriter(writer, className.startsWith(PRODUCT));
    reader.accept(rewriter, 0);
    return rewriter.changed ? writer.toByteArray() : null;
  }

  private static final class Rewriter extends ClassVisitor {
    private final boolean product;
    private boolean changed;

    Rewriter(ClassVisitor next, boolean product) {
      super(Opcodes.ASM9, next);
      this.product = product;
    }

    @Override
    public MethodVisitor visitMethod(
        int access,
        String name,
        String descriptor,
        @Nullable String signature,
        String @Nullable [] exceptions) {
      return new Body(super.visitMethod(access, name, descriptor, signature, exceptions));
    }

    private final class Body extends MethodVisitor {
      Body(MethodVisitor next) {
        super(Opcodes.ASM9, next);
      }

      @Override
      public void visitMethodInsn(
          int opcode, String owner, String name, String descriptor, boolean isInterface) {
        Target target =
            opcode == Opcodes.INVOKESPECIAL
                ? null
                : REDIRECTED.get(owner + "." + name + descriptor);
        if (target != null) {
          hook(target.owner, target.hook, target.descriptor);
        } else if (isUnseededRandom(opcode, owner, name, descriptor)) {
          hook(HOOKS, "randomSeed", "()J");
          super.visitMethodInsn(opcode, owner, name, "(J)V", isInterface);
        } else if (isDefaultExecutorStage(opcode, owner, name, descriptor)) {
          // The default executor is the common pool: hand over the world's own instead.
          hook(
              HOOKS,
              product ? "forbiddenExecutor" : "commonPool",
              "()Ljava/util/concurrent/Executor;");
          String withExecutor = descriptor.replace(")", "Ljava/util/concurrent/Executor;)");
          super.visitMethodInsn(opcode, owner, name, withExecutor, isInterface);
        } else {
          if (product && FORBIDDEN.contains(owner + "." + name)) {
            super.visitLdcInsn(owner.substring(owner.lastIndexOf('/') + 1) + "." + name);
            hook(HOOKS, "forbid", "(Ljava/lang/String;)V");
          }
          super.visitMethodInsn(opcode, owner, name, descriptor, isInterface);
        }
      }

      @Override
      public void visitInvokeDynamicInsn(
          String name, String descriptor, Handle bootstrap, Object... arguments) {
        Object[] redirected = arguments.clone();
        for (int i = 0; i < redirected.length; i++) {
          if (!(redirected[i] instanceof Handle handle)) continue;
          if (handle.getTag() == Opcodes.H_NEWINVOKESPECIAL) continue;
          String key = handle.getOwner() + "." + handle.getName() + handle.getDesc();
          Target target = REDIRECTED.get(key);
          if (target == null) continue;
          changed = true;
          redirected[i] =
              new Handle(
                  Opcodes.H_INVOKESTATIC, target.owner, target.hook, target.descriptor, false);
        }
        super.visitInvokeDynamicInsn(name, descriptor, bootstrap, redirected);
      }

      @Override
      public void visitLdcInsn(Object value) {
        // ProviderSelection names the provider by a constant; naming ours in the configuration
        // instead would make Akka believe that there is no cluster.
        if ("akka.cluster.ClusterActorRefProvider".equals(value)) {
          changed = true;
          super.visitLdcInsn("akka.cluster.SimulatedClusterActorRefProvider");
        } else {
          super.visitLdcInsn(value);
        }
      }

      @Override
      public void visitMaxs(int maxStack, int maxLocals) {
        super.visitMaxs(maxStack + 2, maxLocals);
      }

      private void hook(String owner, String hook, String descriptor) {
        changed = true;
        super.visitMethodInsn(Opcodes.INVOKESTATIC, owner, hook, descriptor, false);
      }
    }

    private static boolean isUnseededRandom(
        int opcode, String owner, String name, String descriptor) {
      return opcode == Opcodes.INVOKESPECIAL
          && (owner.equals("java/util/Random") || owner.equals("java/util/SplittableRandom"))
          && name.equals("<init>")
          && descriptor.equals("()V");
    }

    private static boolean isDefaultExecutorStage(
        int opcode, String owner, String name, String descriptor) {
      return opcode != Opcodes.INVOKESTATIC
          && name.endsWith("Async")
          && STAGES.contains(owner)
          && !descriptor.contains("Executor;")
          && (descriptor.endsWith(")" + RETURNS_FUTURE)
              || descriptor.endsWith(")Ljava/util/concurrent/CompletionStage;"));
    }
  }
}
