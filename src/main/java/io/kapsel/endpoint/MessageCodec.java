package io.kapsel.endpoint;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorRefResolver;
import io.kapsel.core.endpoint.Circuit;
import io.kapsel.core.endpoint.DeliverySettings;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.Endpoint.Answer;
import io.kapsel.core.endpoint.Standing;
import io.kapsel.core.endpoint.Status;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Rejection;
import io.kapsel.core.webhook.Secret;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.core.webhook.WebhookId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The wire form of messages between nodes. Lives as long as a rolling upgrade. */
final class MessageCodec {
  private static final int REPLY_TO = 15;

  private final ActorRefResolver refs;
  private final ConfigSeal seal;

  MessageCodec(ActorRefResolver refs, ConfigSeal seal) {
    this.refs = refs;
    this.seal = seal;
  }

  static String manifest(EndpointMessage.Remote message) {
    return switch (message) {
      case EndpointMessage.Offer offer -> "offer";
      case EndpointMessage.Order order -> "order";
      case EndpointMessage.Inquire inquire -> "inquire";
      case EndpointMessage.Explain explain -> "explain";
      case EndpointMessage.Explained explained -> "explained";
      case EndpointMessage.Offered offered -> "offered";
      case EndpointMessage.Viewed viewed -> "viewed";
      case EndpointMessage.Rejected rejected -> "rejected";
      case EndpointMessage.Unowned unowned -> "unowned";
      case EndpointMessage.Ping ping -> "ping";
      case EndpointMessage.Pong pong -> "pong";
    };
  }

  byte[] encode(EndpointMessage.Remote message) {
    return Wire.write(
        out -> {
          switch (message) {
            case EndpointMessage.Offer offer -> {
              out.number(1, offer.offer().settingsVersion());
              out.flag(2, offer.offer().reconciled());
              out.number(3, offer.ticket());
              for (Endpoint.Offered webhook : offer.offer().webhooks())
                out.message(4, item -> EventCodec.writeOffered(item, webhook));
              out.text(REPLY_TO, refs.toSerializationFormat(offer.replyTo()));
            }
            case EndpointMessage.Order order -> {
              if (order.command().isPresent()) writeCommand(out, order.command().get());
              out.text(REPLY_TO, refs.toSerializationFormat(order.replyTo()));
            }
            case EndpointMessage.Inquire inquire -> {
              writeIds(out, 1, inquire.inquiry().webhooks());
              out.text(REPLY_TO, refs.toSerializationFormat(inquire.replyTo()));
            }
            case EndpointMessage.Explain explain -> {
              writeIds(out, 1, List.of(explain.webhook()));
              out.text(REPLY_TO, refs.toSerializationFormat(explain.replyTo()));
            }
            case EndpointMessage.Explained explained -> {
              out.message(1, item -> writeView(item, explained.view()));
              writeStanding(out, explained.standing());
            }
            case EndpointMessage.Offered offered -> {
              out.number(1, offered.ticket());
              for (Answer answer : offered.answers())
                out.message(2, item -> writeAnswer(item, answer));
              if (offered.current().isPresent())
                out.message(3, item -> writeView(item, offered.current().get()));
            }
            case EndpointMessage.Viewed viewed -> writeView(out, viewed.view());
            case EndpointMessage.Rejected rejected -> writeRejection(out, rejected.rejection());
            case EndpointMessage.Unowned unowned -> writeIds(out, 1, unowned.webhooks());
            case EndpointMessage.Ping ping ->
                out.text(REPLY_TO, refs.toSerializationFormat(ping.replyTo()));
            case EndpointMessage.Pong pong -> {}
          }
        });
  }

  EndpointMessage.Remote decode(String manifest, byte[] bytes) {
    return switch (manifest) {
      case "offer" -> readOffer(bytes);
      case "order" -> readOrder(bytes);
      case "inquire" -> {
        EventCodec.Fields fields = new EventCodec.Fields().texts(REPLY_TO).blob(1);
        Wire.read(bytes, fields);
        yield new EndpointMessage.Inquire(
            new Endpoint.Inquire(readIds(fields.blob())), replyTo(fields));
      }
      case "explain" -> {
        EventCodec.Fields fields = new EventCodec.Fields().texts(REPLY_TO).blob(1);
        Wire.read(bytes, fields);
        yield new EndpointMessage.Explain(readIds(fields.blob()).getFirst(), replyTo(fields));
      }
      case "explained" -> readExplained(bytes);
      case "offered" -> readOffered(bytes);
      case "viewed" -> new EndpointMessage.Viewed(readView(bytes));
      case "rejected" -> new EndpointMessage.Rejected(readRejection(bytes));
      case "unowned" -> {
        EventCodec.Fields fields = new EventCodec.Fields().blob(1);
        Wire.read(bytes, fields);
        yield new EndpointMessage.Unowned(readIds(fields.blob()));
      }
      case "ping" -> {
        EventCodec.Fields fields = new EventCodec.Fields().texts(REPLY_TO);
        Wire.read(bytes, fields);
        yield new EndpointMessage.Ping(replyTo(fields));
      }
      case "pong" -> new EndpointMessage.Pong();
      default -> throw new IllegalArgumentException("Unknown message: " + manifest);
    };
  }

  private ActorRef<EndpointMessage.Reply> replyTo(EventCodec.Fields fields) {
    return refs.resolveActorRef(fields.text(REPLY_TO));
  }

  private EndpointMessage.Offer readOffer(byte[] bytes) {
    EventCodec.Fields fields = new EventCodec.Fields().numbers(1, 2, 3).texts(REPLY_TO);
    List<Endpoint.Offered> webhooks = new ArrayList<>();
    Wire.read(
        bytes,
        (field, in) -> {
          if (field != 4) return fields.read(field, in);
          webhooks.add(EventCodec.readOffered(in.readByteArray()));
          return true;
        });
    return new EndpointMessage.Offer(
        new Endpoint.Offer(fields.at(1), fields.at(2) != 0, webhooks),
        fields.at(3),
        replyTo(fields));
  }

  private EndpointMessage.Offered readOffered(byte[] bytes) {
    EventCodec.Fields fields = new EventCodec.Fields().numbers(1).blob(3);
    List<Answer> answers = new ArrayList<>();
    Wire.read(
        bytes,
        (field, in) -> {
          if (field != 2) return fields.read(field, in);
          answers.add(readAnswer(in.readByteArray()));
          return true;
        });
    Optional<EndpointView> current =
        fields.blob().length == 0 ? Optional.empty() : Optional.of(readView(fields.blob()));
    return new EndpointMessage.Offered(fields.at(1), answers, current);
  }

  private static void writeAnswer(Wire.Writer out, Answer answer) throws IOException {
    switch (answer) {
      case Endpoint.Accepted accepted -> {}
      case Endpoint.Duplicate duplicate -> {
        out.fixed(1, duplicate.first().high());
        out.fixed(2, duplicate.first().low());
      }
      case Endpoint.Declined declined ->
          out.message(3, item -> writeRejection(item, declined.rejection()));
    }
  }

  private static Answer readAnswer(byte[] bytes) {
    EventCodec.Fields fields = new EventCodec.Fields().fixed(1, 2).blob(3);
    Wire.read(bytes, fields);
    if (fields.blob().length > 0) return new Endpoint.Declined(readRejection(fields.blob()));
    return fields.at(1) == 0
        ? new Endpoint.Accepted()
        : new Endpoint.Duplicate(new WebhookId(fields.at(1), fields.at(2)));
  }

  private static void writeRejection(Wire.Writer out, Rejection rejection) throws IOException {
    out.text(1, rejection.code().name());
    out.text(2, rejection.detail());
    out.number(3, rejection.retryAfterSeconds());
  }

  private static Rejection readRejection(byte[] bytes) {
    EventCodec.Fields fields = new EventCodec.Fields().texts(1, 2).numbers(3);
    Wire.read(bytes, fields);
    return new Rejection(ErrorCode.valueOf(fields.text(1)), fields.text(2), (int) fields.at(3));
  }

  private static void writeIds(Wire.Writer out, int field, List<WebhookId> ids) throws IOException {
    long[] longs = new long[ids.size() * 2];
    for (int i = 0; i < ids.size(); i++) {
      longs[2 * i] = ids.get(i).high();
      longs[2 * i + 1] = ids.get(i).low();
    }
    out.longs(field, longs);
  }

  private static List<WebhookId> readIds(byte[] packed) {
    LongBuffer longs = ByteBuffer.wrap(packed).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer();
    List<WebhookId> ids = new ArrayList<>(longs.remaining() / 2);
    while (longs.hasRemaining()) ids.add(new WebhookId(longs.get(), longs.get()));
    return ids;
  }

  private void writeCommand(Wire.Writer out, Endpoint.Command command) throws IOException {
    switch (command) {
      case Endpoint.Create create -> {
        out.text(1, "create");
        out.fixed(2, create.tenant().high());
        out.fixed(3, create.tenant().low());
        out.bytes(4, seal.writeForWire(create.config()));
      }
      case Endpoint.Configure configure -> {
        out.text(1, "configure");
        out.bytes(4, seal.writeForWire(configure.config()));
        out.number(5, configure.expectedVersion());
      }
      case Endpoint.RotateSecret rotate -> {
        out.text(1, "rotate-secret");
        out.text(6, seal.sealForWire(rotate.secret().secret().value()));
        out.number(5, rotate.secret().expiresAtMillis());
      }
      case Endpoint.SetStatus set -> {
        out.text(1, "set-status");
        out.text(6, set.status().name());
      }
      case Endpoint.ResetCircuit reset -> out.text(1, "reset-circuit");
      case Endpoint.Retry retry -> {
        out.text(1, "retry");
        out.fixed(2, retry.id().high());
        out.fixed(3, retry.id().low());
        out.fixed(7, retry.laneKey());
        out.number(5, retry.attempts());
      }
      case Endpoint.Offer local -> throw notAnOrder(local);
      case Endpoint.Inquire local -> throw notAnOrder(local);
      case Endpoint.Finish local -> throw notAnOrder(local);
      case Endpoint.Release local -> throw notAnOrder(local);
      case Endpoint.Confirm local -> throw notAnOrder(local);
      case Endpoint.Wake local -> throw notAnOrder(local);
      case Endpoint.Settle local -> throw notAnOrder(local);
    }
  }

  private static IllegalArgumentException notAnOrder(Endpoint.Command command) {
    return new IllegalArgumentException("Not an order: " + command);
  }

  private EndpointMessage.Order readOrder(byte[] bytes) {
    EventCodec.Fields fields =
        new EventCodec.Fields().texts(1, 6, REPLY_TO).fixed(2, 3, 7).blob(4).numbers(5);
    Wire.read(bytes, fields);
    Endpoint.Command command =
        switch (fields.text(1)) {
          case "" -> null;
          case "create" ->
              new Endpoint.Create(
                  new TenantId(fields.at(2), fields.at(3)), seal.readFromWire(fields.blob()));
          case "configure" ->
              new Endpoint.Configure(seal.readFromWire(fields.blob()), fields.at(5));
          case "rotate-secret" ->
              new Endpoint.RotateSecret(
                  new DeliverySettings.SigningSecret(
                      new Secret(seal.openFromWire(fields.text(6))), fields.at(5)));
          case "set-status" -> new Endpoint.SetStatus(Status.valueOf(fields.text(6)));
          case "reset-circuit" -> new Endpoint.ResetCircuit();
          case "retry" ->
              new Endpoint.Retry(
                  new WebhookId(fields.at(2), fields.at(3)), fields.at(7), (int) fields.at(5));
          default -> throw new IllegalArgumentException("Unknown order: " + fields.text(1));
        };
    return new EndpointMessage.Order(Optional.ofNullable(command), replyTo(fields));
  }

  private void writeView(Wire.Writer out, EndpointView view) throws IOException {
    out.fixed(1, view.id().high());
    out.fixed(2, view.id().low());
    out.fixed(3, view.tenant().high());
    out.fixed(4, view.tenant().low());
    out.bytes(5, seal.writeForWire(view.config()));
    out.text(6, view.status().name());
    out.text(7, view.statusReason());
    out.number(8, view.version());
    out.number(9, view.createdAtMillis());
    out.number(10, view.updatedAtMillis());
    EndpointView.Live live = view.live();
    out.number(11, live.queueDepth());
    out.number(12, live.oldestReceivedAtMillis());
    out.number(13, live.inFlight());
    out.text(14, live.circuit().name());
    out.number(16, live.circuitOpenUntilMillis());
    out.number(17, live.nextAttemptAtMillis());
    out.number(18, live.idempotencyKeys());
  }

  private static void writeStanding(Wire.Writer out, Standing standing) throws IOException {
    out.text(2, standing.place().name());
    out.number(3, standing.attempts());
    out.number(4, standing.budgetUsed());
    out.number(5, standing.dueAtMillis());
    out.number(6, standing.startedAtMillis());
    out.number(7, standing.ahead());
    out.fixed(8, standing.first().high());
    out.fixed(9, standing.first().low());
    out.number(10, standing.pacedUntilMillis());
    out.flag(11, standing.full());
    out.flag(12, standing.historyBehind());
  }

  private EndpointMessage.Explained readExplained(byte[] bytes) {
    EventCodec.Fields fields =
        new EventCodec.Fields().blob(1).texts(2).numbers(3, 4, 5, 6, 7, 10, 11, 12).fixed(8, 9);
    Wire.read(bytes, fields);
    return new EndpointMessage.Explained(
        readView(fields.blob()),
        new Standing(
            Standing.Place.valueOf(fields.text(2)),
            (int) fields.at(3),
            (int) fields.at(4),
            fields.at(5),
            fields.at(6),
            (int) fields.at(7),
            new WebhookId(fields.at(8), fields.at(9)),
            fields.at(10),
            fields.at(11) != 0,
            fields.at(12) != 0));
  }

  private EndpointView readView(byte[] bytes) {
    EventCodec.Fields fields =
        new EventCodec.Fields()
            .fixed(1, 2, 3, 4)
            .blob(5)
            .texts(6, 7, 14)
            .numbers(8, 9, 10, 11, 12, 13, 16, 17, 18);
    Wire.read(bytes, fields);
    return new EndpointView(
        new EndpointId(fields.at(1), fields.at(2)),
        new TenantId(fields.at(3), fields.at(4)),
        seal.readFromWire(fields.blob()),
        Status.valueOf(fields.text(6)),
        fields.text(7),
        fields.at(8),
        fields.at(9),
        fields.at(10),
        new EndpointView.Live(
            (int) fields.at(11),
            fields.at(12),
            (int) fields.at(13),
            Circuit.Phase.valueOf(fields.text(14)),
            fields.at(16),
            fields.at(17),
            (int) fields.at(18)));
  }
}
