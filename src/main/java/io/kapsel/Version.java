package io.kapsel;

import java.util.Optional;
import picocli.CommandLine.IVersionProvider;

/** Which Kapsel this is. */
public final class Version implements IVersionProvider {
  /** From the jar's manifest; {@code development} when run from classes. */
  public static String number() {
    return Optional.ofNullable(Version.class.getPackage().getImplementationVersion())
        .orElse("development");
  }

  static String line() {
    return "kapsel %s (Java %s, %s)"
        .formatted(number(), Runtime.version(), System.getProperty("os.arch"));
  }

  @Override
  public String[] getVersion() {
    return new String[] {line()};
  }
}
