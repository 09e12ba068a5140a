package io.kapsel;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Runs for the launcher while the JVM records what it loads. */
@Command(name = "train", hidden = true)
final class TrainCommand implements Callable<Integer> {
  enum Kind {
    SERVICE,
    TOOLS
  }

  private final Runnable tools;

  @Parameters private Kind kind = Kind.TOOLS;

  TrainCommand(Runnable tools) {
    this.tools = tools;
  }

  @Override
  public Integer call() throws Exception {
    switch (kind) {
      case SERVICE -> Rehearsal.run();
      case TOOLS -> tools.run();
    }
    return 0;
  }
}
