package io.kapsel.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRefResolver;
import com.typesafe.config.ConfigFactory;
import io.kapsel.core.endpoint.Circuit;
import io.kapsel.core.endpoint.Standing;
import io.kapsel.core.endpoint.Status;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.core.webhook.WebhookId;
import io.kapsel.secrets.Keyring;
import io.kapsel.secrets.Vault;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** What travels between nodes arrives as it was sent. */
final class MessageCodecTest {
  private static final ActorTestKit KIT =
      ActorTestKit.create(
          "codec", ConfigFactory.parseString("akka.actor.provider = local").resolve());
  private static final WebhookId WEBHOOK = new WebhookId(0x0192_0000_0000_7001L, -3);

  private final MessageCodec codec =
      new MessageCodec(
          ActorRefResolver.get(KIT.system()),
          new ConfigSeal(
              new Vault(
                  Keyring.parse(Keyring.newKey(new SplittableRandom(1))),
                  new SplittableRandom(1))));

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  private EndpointMessage.Remote sent(EndpointMessage.Remote message) {
    return codec.decode(MessageCodec.manifest(message), codec.encode(message));
  }

  @Test
  void a_question_where_a_webhook_stands_arrives() {
    TestProbe<EndpointMessage.Reply> asker = KIT.createTestProbe();
    EndpointMessage.Remote message = new EndpointMessage.Explain(WEBHOOK, asker.ref());
    assertEquals(message, sent(message));
  }

  @Test
  void the_answer_arrives_with_every_field() {
    var live =
        new EndpointView.Live(
            3, 1_700_000_000_001L, 2, Circuit.Phase.OPEN, 1_700_000_000_002L, 5, 6);
    var view =
        new EndpointView(
            new EndpointId(1, 2),
            new TenantId(3, 4),
            ConfigJsonTest.FULL,
            Status.PAUSED,
            "why",
            7,
            8,
            9,
            live);
    var standing = new Standing(Standing.Place.WAITING, 1, 2, 3, 4, 5, WEBHOOK, 6, true, true);
    EndpointMessage.Remote message = new EndpointMessage.Explained(view, standing);
    assertEquals(message, sent(message));
  }
}
