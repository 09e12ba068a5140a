package io.kapsel.simulation.world;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The state of the JVM itself that leaks into a run: ThreadLocalRandom, the thread's id, the salt
 * of immutable collections, the global counters of Akka. Set to the same values before every run.
 */
final class JvmState {
  // Through handles, as the class itself is not part of the platform that the compiler knows.
  private static final MethodHandle PUT_LONG;
  private static final MethodHandle PUT_INT;
  private static final MethodHandle PUT_BOOLEAN;
  private static final MethodHandle PUT_OBJECT;
  private static final MethodHandle GET_OBJECT;
  private static final MethodHandle FIELD_OFFSET;
  private static final MethodHandle STATIC_BASE;
  private static final MethodHandle STATIC_OFFSET;
  private static final long SEED;
  private static final long PROBE;
  private static final long SECONDARY;
  private static final long THREAD_ID;
  private static final long THREAD_LOCALS;

  /** ThreadLocalRandom adds twice the thread's id to its state at every draw. */
  private static final long FIXED_THREAD_ID = 777;

  private record Counter(String owner, String field, int initial) {}

  private static final List<Counter> COUNTERS =
      List.of(
          new Counter("akka.event.EventStreamUnsubscriber$", "unsubscribersCount", 0),
          new Counter("akka.event.ActorClassificationUnsubscriber$", "unsubscribersCount", 0),
          new Counter("akka.persistence.Eventsourced$", "instanceIdCounter", 1),
          new Counter(
              "akka.persistence.Eventsourced$",
              "akka$persistence$Eventsourced$$instanceIdCounter",
              1),
          new Counter(
              "akka.persistence.typed.internal.EventSourcedBehaviorImpl$WriterIdentity$",
              "instanceIdCounter",
              1),
          new Counter("akka.remote.artery.FlushBeforeDeathWatchNotification$", "nameCounter", 0),
          new Counter("akka.cluster.ddata.VersionVector$Timestamp$", "counter", 1));

  static {
    try {
      Class<?> type = Class.forName("sun.misc.Unsafe");
      Field instance = type.getDeclaredField("theUnsafe");
      instance.setAccessible(true);
      Object unsafe = instance.get(null);
      PUT_LONG = put(unsafe, "putLong", long.class);
      PUT_INT = put(unsafe, "putInt", int.class);
      PUT_BOOLEAN = put(unsafe, "putBoolean", boolean.class);
      PUT_OBJECT = put(unsafe, "putObject", Object.class);
      GET_OBJECT = of(unsafe, "getObject", Object.class, Object.class, long.class);
      FIELD_OFFSET = of(unsafe, "objectFieldOffset", long.class, Field.class);
      STATIC_BASE = of(unsafe, "staticFieldBase", Object.class, Field.class);
      STATIC_OFFSET = of(unsafe, "staticFieldOffset", long.class, Field.class);
      SEED = offset("threadLocalRandomSeed");
      PROBE = offset("threadLocalRandomProbe");
      SECONDARY = offset("threadLocalRandomSecondarySeed");
      THREAD_ID = offset("tid");
      THREAD_LOCALS = offset("threadLocals");
    } catch (Throwable e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private JvmState() {}

  private static MethodHandle put(Object unsafe, String name, Class<?> value)
      throws ReflectiveOperationException {
    return of(unsafe, name, void.class, Object.class, long.class, value);
  }

  private static MethodHandle of(
      Object unsafe, String name, Class<?> result, Class<?>... parameters)
      throws ReflectiveOperationException {
    return MethodHandles.lookup().bind(unsafe, name, MethodType.methodType(result, parameters));
  }

  private static long offset(String field) throws Throwable {
    return (long) FIELD_OFFSET.invokeExact(Thread.class.getDeclaredField(field));
  }

  /** Before a run, on its thread. */
  static void prepare(long seed) {
    try {
      fixThreadId();
      fixCollectionSalt();
      for (Counter counter : COUNTERS) reset(counter);
      resetStreamNames();
    } catch (Throwable e) {
      throw new IllegalStateException("this JDK or Akka is laid out differently", e);
    }
    seedThread(seed);
  }

  /**
   * Gives the thread other thread-locals and answers its own. Akka's hold the systems that made
   * them: on one thread, no world would ever be collected.
   */
  static @Nullable Object swapThreadLocals(@Nullable Object others) {
    Object thread = Thread.currentThread();
    try {
      Object own = (Object) GET_OBJECT.invokeExact(thread, THREAD_LOCALS);
      PUT_OBJECT.invokeExact(thread, THREAD_LOCALS, others);
      return own;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** Makes every ThreadLocalRandom of this thread a function of {@code seed}. */
  static void seedThread(long seed) {
    Object thread = Thread.currentThread();
    try {
      PUT_LONG.invokeExact(thread, SEED, seed);
      PUT_INT.invokeExact(thread, PROBE, 1);
      PUT_INT.invokeExact(thread, SECONDARY, 1);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  private static void fixThreadId() throws Throwable {
    Object thread = Thread.currentThread();
    PUT_LONG.invokeExact(thread, THREAD_ID, FIXED_THREAD_ID);
  }

  /** Set.of and Map.of iterate in an order salted for each JVM; lookups do not use the salt. */
  private static void fixCollectionSalt() throws Throwable {
    Class<?> collections = Class.forName("java.util.ImmutableCollections");
    Field salt = collections.getDeclaredField("SALT32L");
    Object base = (Object) STATIC_BASE.invokeExact(salt);
    PUT_LONG.invokeExact(base, (long) STATIC_OFFSET.invokeExact(salt), 0x5eedL);
    Field reverse = collections.getDeclaredField("REVERSE");
    PUT_BOOLEAN.invokeExact(base, (long) STATIC_OFFSET.invokeExact(reverse), false);
  }

  private static void reset(Counter counter) throws ReflectiveOperationException {
    Class<?> owner = Class.forName(counter.owner);
    Field field;
    try {
      field = owner.getDeclaredField(counter.field);
    } catch (NoSuchFieldException e) {
      return;
    }
    field.setAccessible(true);
    switch (field.get(owner.getField("MODULE$").get(null))) {
      case AtomicInteger integer -> integer.set(counter.initial);
      case AtomicLong integer -> integer.set(counter.initial);
      default -> throw new NoSuchFieldException(counter.owner + "." + counter.field);
    }
  }

  private static void resetStreamNames() throws ReflectiveOperationException {
    Class<?> owner = Class.forName("akka.stream.impl.StreamSupervisor$");
    Field names = owner.getDeclaredField("actorName");
    names.setAccessible(true);
    Object sequence = names.get(owner.getField("MODULE$").get(null));
    for (Field field : sequence.getClass().getDeclaredFields()) {
      field.setAccessible(true);
      if (field.get(sequence) instanceof AtomicLong counter) counter.set(0);
    }
  }
}
