package io.kapsel.simulation.mutant;

import akka.dispatch.Futures;
import akka.persistence.AtomicWrite;
import com.typesafe.config.Config;
import io.kapsel.simulation.storage.SimulatedJournal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import scala.concurrent.Future;

/** Says yes at once and writes afterwards. */
public final class HastyJournal extends SimulatedJournal {
  /** Called by Akka. */
  public HastyJournal(Config config) {
    super(config);
  }

  @Override
  public Future<Iterable<Optional<Exception>>> doAsyncWriteMessages(
      Iterable<AtomicWrite> messages) {
    List<Optional<Exception>> stored = new ArrayList<>();
    boolean ours = true;
    for (AtomicWrite write : messages) {
      stored.add(Optional.empty());
      ours &= write.persistenceId().startsWith("endpoint|");
    }
    Future<Iterable<Optional<Exception>>> written = super.doAsyncWriteMessages(messages);
    return ours ? Futures.successful(stored) : written;
  }
}
