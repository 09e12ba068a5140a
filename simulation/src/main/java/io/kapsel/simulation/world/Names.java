package io.kapsel.simulation.world;

/** Class names as they appear in a trace: the same in every JVM. */
final class Names {
  private static final ClassValue<String> SIMPLE =
      new ClassValue<>() {
        @Override
        protected String computeValue(Class<?> type) {
          String name = type.getName();
          int lambda = name.indexOf("$$Lambda");
          if (lambda >= 0) name = name.substring(0, lambda) + "$$Lambda";
          return name.substring(name.lastIndexOf('.') + 1);
        }
      };

  private Names() {}

  static String simple(Class<?> type) {
    return SIMPLE.get(type);
  }

  static long hash(Class<?> type) {
    return SIMPLE.get(type).hashCode();
  }
}
