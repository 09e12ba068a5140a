package io.kapsel.simulation.mutant;

import io.kapsel.core.endpoint.Outcome;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.deliver.Destination;
import io.kapsel.endpoint.EndpointObserver;
import io.kapsel.node.Node;
import io.kapsel.storage.EndpointDirectory;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.UnaryOperator;

/** Bugs of what the node gets from outside. */
final class PortBugs {
  private static final long MILLIS_PER_SECOND = 1_000;

  private PortBugs() {}

  static Mutant timeoutIsSuccess() {
    return outcomes(
        outcome ->
            outcome.kind() == Outcome.Kind.UNKNOWN && outcome.status() == 0
                ? Outcome.delivered(200, "")
                : outcome);
  }

  static Mutant retryAfterInSeconds() {
    return outcomes(
        outcome ->
            outcome.retryAfterMillis() <= 0
                ? outcome
                : new Outcome(
                    outcome.kind(),
                    outcome.status(),
                    outcome.error(),
                    outcome.message(),
                    outcome.responseExcerpt(),
                    outcome.retryAfterMillis() / MILLIS_PER_SECOND));
  }

  private static Mutant outcomes(UnaryOperator<Outcome> change) {
    return destination(faithful -> dispatch -> faithful.deliver(dispatch).thenApply(change));
  }

  static Mutant clientRepeats() {
    return destination(
        faithful ->
            dispatch ->
                faithful
                    .deliver(dispatch)
                    .thenCompose(
                        outcome ->
                            outcome.kind() == Outcome.Kind.UNKNOWN
                                ? faithful.deliver(dispatch)
                                : CompletableFuture.completedFuture(outcome)));
  }

  private static Mutant destination(UnaryOperator<Destination> change) {
    return new Mutant() {
      @Override
      public Node.Ports ports(Node.Ports ports) {
        return with(ports, ports.clock(), change.apply(ports.destination()));
      }
    };
  }

  static Mutant wallClock() {
    return new Mutant() {
      @Override
      public Node.Ports ports(Node.Ports ports) {
        return with(ports, ports.wall(), ports.destination());
      }
    };
  }

  /** Ports that act for an endpoint that has been handed over, too. */
  static Mutant actsAfterHandOver() {
    return new Mutant() {
      @Override
      public Node.Ports ports(Node.Ports ports) {
        Ghosts ghosts = new Ghosts(ports);
        return with(ports, ghosts.clock(), ports.destination(), ghosts, ports.directory());
      }
    };
  }

  /** A directory that refuses an entry that it has: who refreshes one asks again and again. */
  static Mutant refreshRefused() {
    return new Mutant() {
      @Override
      public Node.Ports ports(Node.Ports ports) {
        return with(
            ports,
            ports.clock(),
            ports.destination(),
            ports.observer(),
            new InsertingDirectory(ports.directory()));
      }
    };
  }

  private record InsertingDirectory(EndpointDirectory faithful) implements EndpointDirectory {
    @Override
    public CompletionStage<Optional<Entry>> find(EndpointId id) {
      return faithful.find(id);
    }

    @Override
    public CompletionStage<Void> put(Entry entry) {
      return find(entry.id())
          .thenCompose(
              known ->
                  known.isPresent() && known.get().version() >= entry.version()
                      ? CompletableFuture.failedFuture(new IllegalStateException("duplicate key"))
                      : faithful.put(entry));
    }
  }

  private static Node.Ports with(Node.Ports ports, InstantSource clock, Destination destination) {
    return with(ports, clock, destination, ports.observer(), ports.directory());
  }

  private static Node.Ports with(
      Node.Ports ports,
      InstantSource clock,
      Destination destination,
      EndpointObserver observer,
      EndpointDirectory directory) {
    return new Node.Ports(
        clock,
        ports.wall(),
        ports.random(),
        ports.contents(),
        ports.history(),
        directory,
        destination,
        ports.gate(),
        ports.tenantConcurrency(),
        observer,
        ports.poolGauge(),
        ports.lost());
  }
}
