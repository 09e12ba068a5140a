package io.kapsel.simulation.world;

import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Keyed randomness: a stream is a function of the seed, a purpose and a key, so that what happens
 * to one key (a webhook, a link, a node) never shifts the draws of another, nor of another purpose.
 * That is what lets a fault be removed from a plan without changing the rest of the run.
 */
public record Randomness(long seed) {
  private static final long GOLDEN = 0x9e3779b97f4a7c15L;

  public Stream stream(String purpose) {
    return new Stream(mix(seed ^ hash(purpose)));
  }

  public Stream stream(String purpose, String key) {
    return new Stream(mix(mix(seed ^ hash(purpose)) ^ hash(key)));
  }

  public Stream stream(String purpose, long key) {
    return new Stream(mix(mix(seed ^ hash(purpose)) + key * GOLDEN));
  }

  /** The finaliser of SplitMix64. */
  public static long mix(long value) {
    long z = (value ^ (value >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }

  /** FNV-1a. */
  public static long hash(String text) {
    long h = 0xcbf29ce484222325L;
    for (int i = 0; i < text.length(); i++) {
      h ^= text.charAt(i);
      h *= 0x100000001b3L;
    }
    return h;
  }

  /** SplitMix64. */
  public static final class Stream implements RandomGenerator {
    private long state;

    Stream(long state) {
      this.state = state;
    }

    @Override
    public long nextLong() {
      state += GOLDEN;
      return mix(state);
    }

    /** Below {@code bound}; the bias is irrelevant at these sizes. */
    public int below(int bound) {
      return (int) ((nextLong() >>> 1) % bound);
    }

    /** Both ends included. */
    public long between(long low, long high) {
      return low + (nextLong() >>> 1) % (high - low + 1);
    }

    public boolean chance(double probability) {
      return (nextLong() >>> 11) * 0x1.0p-53 < probability;
    }

    /** Uniform in the exponent: orders of magnitude are equally likely. */
    public double logUniform(double low, double high) {
      double unit = (nextLong() >>> 11) * 0x1.0p-53;
      return low * Math.exp(unit * Math.log(high / low));
    }

    public <T> T pick(List<T> from) {
      return from.get(below(from.size()));
    }
  }
}
