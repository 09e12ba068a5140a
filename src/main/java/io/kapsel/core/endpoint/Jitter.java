package io.kapsel.core.endpoint;

/** The one source of chance in a decision. */
@FunctionalInterface
public interface Jitter {
  /** Uniform in [0, 1). */
  double next();
}
