package io.kapsel;

import io.kapsel.core.endpoint.*;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.endpoint.EndpointObserver;

final class Unobserved implements EndpointObserver {
  @Override
  public void persisted(EndpointId id, Endpoint.Event event) {}

  @Override
  public void stepped(EndpointId id, State state, Flight flight) {}

  @Override
  public void stopped(EndpointId id) {}
}
