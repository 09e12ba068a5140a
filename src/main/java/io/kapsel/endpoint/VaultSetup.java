package io.kapsel.endpoint;

import akka.actor.setup.Setup;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Adapter;
import io.kapsel.secrets.Vault;

/**
 * Hands the vault to what Akka itself creates: the serialiser and the endpoints' actors. A system
 * without it stores secrets as they are.
 */
public final class VaultSetup extends Setup {
  private final Vault vault;

  public VaultSetup(Vault vault) {
    this.vault = vault;
  }

  static ConfigSeal seal(ActorSystem<?> system) {
    return new ConfigSeal(
        Adapter.toClassic(system)
            .settings()
            .setup()
            .get(VaultSetup.class)
            .map(setup -> setup.vault)
            .orElse(Vault.NONE));
  }
}
