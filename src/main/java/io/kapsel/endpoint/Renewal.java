package io.kapsel.endpoint;

import io.kapsel.core.webhook.EndpointId;
import io.kapsel.secrets.Vault;
import io.kapsel.storage.KeyKeeper.Stored;
import java.util.Optional;
import java.util.function.Function;

/** Brings what is stored of an endpoint under the current key, octet by octet where it stands. */
public final class Renewal implements Function<Stored, Optional<Stored>> {
  private static final String ENTITY = EndpointActor.KEY.name() + "|";

  private final ConfigSeal seal;

  public Renewal(Vault vault) {
    this.seal = new ConfigSeal(vault);
  }

  /** Empty when there is nothing confidential in it, or all is current. */
  @Override
  public Optional<Stored> apply(Stored stored) {
    Optional<EndpointId> id =
        stored.entity().startsWith(ENTITY)
            ? EndpointId.parse(stored.entity().substring(ENTITY.length()))
            : Optional.empty();
    return id.flatMap(
        endpoint ->
            stored.manifest().equals(Stored.DIRECTORY)
                ? seal.renewed(stored.payload(), endpoint)
                    .map(json -> new Stored(stored.entity(), Stored.DIRECTORY, json))
                : renewed(stored, endpoint));
  }

  private Optional<Stored> renewed(Stored stored, EndpointId id) {
    String subject =
        stored.manifest().startsWith(SealedCodec.PREFIX)
            ? stored.manifest().substring(SealedCodec.PREFIX.length())
            : stored.manifest();
    Optional<Integer> field = SealedCodec.configField(subject);
    if (field.isEmpty()) return Optional.empty();
    return seal.renewed(SealedCodec.configOf(stored.payload(), subject), id)
        .map(
            json ->
                new Stored(
                    stored.entity(),
                    SealedCodec.PREFIX + subject,
                    Wire.withField(stored.payload(), field.get(), config -> json)));
  }
}
