package io.kapsel.endpoint;

import akka.actor.typed.ActorSystem;
import akka.persistence.typed.EventAdapter;
import akka.persistence.typed.EventSeq;
import akka.persistence.typed.SnapshotAdapter;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.State;
import io.kapsel.core.webhook.EndpointId;

/**
 * Seals an endpoint's configuration on its way into the journal and opens it on the way back. Done
 * here and not by the serialiser because only the actor knows its id, to which the seal is bound.
 */
public final class SealAdapters {
  private final EndpointId id;
  private final ConfigSeal seal;

  SealAdapters(EndpointId id, ConfigSeal seal) {
    this.id = id;
    this.seal = seal;
  }

  /** As the endpoint's actor on that node has them. */
  public static SealAdapters of(EndpointId id, ActorSystem<?> system) {
    return new SealAdapters(id, VaultSetup.seal(system));
  }

  /** The event or state itself, of what {@code toJournal} answered. */
  public static Object subject(Object stored) {
    return stored instanceof Sealed sealed ? sealed.subject() : stored;
  }

  public EventAdapter<Endpoint.Event, Object> events() {
    return new Events();
  }

  public SnapshotAdapter<State> snapshots() {
    return new Snapshots();
  }

  private final class Events extends EventAdapter<Endpoint.Event, Object> {
    @Override
    public Object toJournal(Endpoint.Event event) {
      boolean configures =
          event instanceof Endpoint.Created || event instanceof Endpoint.Configured;
      return configures && seal.seals() ? Sealed.of(event, seal, id) : event;
    }

    @Override
    public String manifest(Endpoint.Event event) {
      return "";
    }

    @Override
    public EventSeq<Endpoint.Event> fromJournal(Object stored, String manifest) {
      return EventSeq.single(
          stored instanceof Sealed sealed ? opened(sealed) : (Endpoint.Event) stored);
    }

    private Endpoint.Event opened(Sealed sealed) {
      return switch (sealed.subject()) {
        case Endpoint.Created created ->
            new Endpoint.Created(
                created.atMillis(), created.tenant(), seal.read(sealed.config(), id));
        case Endpoint.Configured configured ->
            new Endpoint.Configured(configured.atMillis(), seal.read(sealed.config(), id));
        default -> throw new IllegalStateException("Not an event: " + sealed.subject().getClass());
      };
    }
  }

  private final class Snapshots implements SnapshotAdapter<State> {
    @Override
    public Object toJournal(State state) {
      return seal.seals() ? Sealed.of(state, seal, id) : state;
    }

    @Override
    public State fromJournal(Object stored) {
      if (!(stored instanceof Sealed sealed)) return (State) stored;
      return ((State) sealed.subject()).completed(seal.read(sealed.config(), id));
    }
  }
}
