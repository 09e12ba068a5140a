package io.kapsel.endpoint;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ContainerNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kapsel.core.endpoint.EndpointConfig;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.json.MergePatch;
import io.kapsel.json.StrictJson;
import io.kapsel.secrets.Vault;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A configuration outside of memory: the form of {@link ConfigJson#toJournal} with the confidential
 * members taken out and sealed together in the member {@code sealed}. Without a key they stay where
 * they are, and what was written so is always read.
 *
 * <p>What is sealed opens only at the same place with the same URL: whoever can write to the
 * database can neither move an endpoint's credentials to another endpoint nor have them sent
 * elsewhere by changing where they go.
 */
public final class ConfigSeal {
  private static final String SEALED = "sealed";

  /** Between nodes, where it is not stored. */
  private static final String WIRE = "wire";

  /** Values of custom headers are often credentials. */
  private static final List<JsonPointer> CONFIDENTIAL =
      Stream.of(
              "/signature/secrets",
              "/delivery/headers",
              "/delivery/signing/secrets",
              "/delivery/auth",
              "/delivery/tls")
          .map(JsonPointer::compile)
          .toList();

  private final Vault vault;

  public ConfigSeal(Vault vault) {
    this.vault = vault;
  }

  /** Whether what is written from now on is sealed. */
  boolean seals() {
    return vault.seals();
  }

  public byte[] write(EndpointConfig config, EndpointId id) {
    return write(config, id.toString());
  }

  /**
   * @throws Vault.Unopenable when a key is missing, or the text is not as it was written
   */
  public EndpointConfig read(byte[] json, EndpointId id) {
    return read(json, id.toString());
  }

  byte[] writeForWire(EndpointConfig config) {
    return write(config, WIRE);
  }

  EndpointConfig readFromWire(byte[] json) {
    return read(json, WIRE);
  }

  /** A single secret between nodes. */
  String sealForWire(String secret) {
    return vault.seals() ? vault.seal(utf8(secret), WIRE) : secret;
  }

  String openFromWire(String text) {
    return Vault.keyIdOf(text).isPresent() ? new String(vault.open(text, WIRE), UTF_8) : text;
  }

  private static byte[] utf8(String text) {
    return text.getBytes(UTF_8);
  }

  /** The same configuration under the current key; empty when there is nothing to change. */
  Optional<byte[]> renewed(byte[] json, EndpointId id) {
    if (!vault.seals()) return Optional.empty();
    ObjectNode node = tree(json);
    JsonNode sealed = node.path(SEALED);
    if (sealed.isTextual() && vault.isCurrent(sealed.textValue())) return Optional.empty();
    ObjectNode renewed = sealed(opened(node, id.toString()), id.toString());
    return renewed.has(SEALED) ? Optional.of(bytes(renewed)) : Optional.empty();
  }

  private byte[] write(EndpointConfig config, String place) {
    return bytes(sealed(ConfigJson.full(config), place));
  }

  private EndpointConfig read(byte[] json, String place) {
    return ConfigJson.fromJournal(opened(tree(json), place));
  }

  private ObjectNode sealed(ObjectNode node, String place) {
    if (!vault.seals()) return node;
    ObjectNode confidential = takeConfidential(node);
    if (!confidential.isEmpty())
      node.put(SEALED, vault.seal(bytes(confidential), context(node, place)));
    return node;
  }

  private ObjectNode opened(ObjectNode node, String place) {
    if (!node.has(SEALED)) return node;
    String sealed = node.remove(SEALED).asText();
    ObjectNode confidential = tree(vault.open(sealed, context(node, place)));
    return (ObjectNode) MergePatch.applied(node, confidential);
  }

  private static String context(ObjectNode node, String place) {
    return "endpoint configuration\n" + place + "\n" + node.path("url").asText();
  }

  /** Moves the confidential members that hold anything into an object of their own. */
  private static ObjectNode takeConfidential(ObjectNode node) {
    ObjectNode taken = JsonNodeFactory.instance.objectNode();
    for (JsonPointer pointer : CONFIDENTIAL) {
      String name = pointer.last().getMatchingProperty();
      if (node.at(pointer.head()) instanceof ObjectNode parent
          && parent.get(name) instanceof ContainerNode<?> value
          && !value.isEmpty()) {
        taken.withObject(pointer.head()).set(name, value);
        parent.remove(name);
      }
    }
    return taken;
  }

  private static ObjectNode tree(byte[] json) {
    try {
      return (ObjectNode) StrictJson.MAPPER.readTree(json);
    } catch (IOException corrupt) {
      throw new UncheckedIOException(corrupt);
    }
  }

  private static byte[] bytes(ObjectNode node) {
    try {
      return StrictJson.MAPPER.writeValueAsBytes(node);
    } catch (JsonProcessingException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }
}
