package io.kapsel.endpoint;

import com.google.protobuf.CodedInputStream;
import io.kapsel.core.endpoint.Backlog;
import io.kapsel.core.endpoint.Circuit;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.EndpointConfig;
import io.kapsel.core.endpoint.KeyHash;
import io.kapsel.core.endpoint.KeyWindow;
import io.kapsel.core.endpoint.Pending;
import io.kapsel.core.endpoint.State;
import io.kapsel.core.endpoint.Status;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.core.webhook.WebhookId;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.pcollections.TreePMap;

/** The snapshot's form of the endpoint's state; the same rules as {@link EventCodec}. */
final class SnapshotCodec {
  static final String MANIFEST = "state";

  /** The field that holds the configuration. */
  static final int CONFIG = 3;

  private SnapshotCodec() {}

  static byte[] encode(State state) {
    return encode(state, ConfigJson.toJournal(state.config()));
  }

  static byte[] encode(State state, byte[] config) {
    return Wire.write(
        out -> {
          out.fixed(1, state.tenant().high());
          out.fixed(2, state.tenant().low());
          out.bytes(CONFIG, config);
          out.text(4, state.status().name());
          out.text(5, state.statusReason());
          out.number(6, state.version());
          out.number(7, state.createdAtMillis());
          out.number(8, state.updatedAtMillis());
          out.number(9, state.nextSequence());
          out.number(10, state.nextBatch());
          for (Pending pending : state.backlog().inOrder())
            out.message(11, item -> writePending(item, pending));
          for (KeyWindow.Segment segment : state.window().segments())
            out.message(12, item -> writeSegment(item, segment));
          out.longs(13, liveRows(state.window()));
          out.number(14, state.window().liveNewestMillis());
          out.message(15, item -> EventCodec.writeCircuit(item, state.circuit()));
          for (Endpoint.AttemptsEnded batch : state.outbox().values())
            out.message(16, item -> EventCodec.writeEnded(item, batch));
        });
  }

  static State decode(byte[] bytes) {
    Reader reader = new Reader();
    Wire.read(bytes, reader);
    return reader.state();
  }

  private static void writePending(Wire.Writer out, Pending pending) throws IOException {
    out.number(1, pending.sequence());
    out.fixed(2, pending.id().high());
    out.fixed(3, pending.id().low());
    out.fixed(4, pending.laneKey());
    out.number(5, pending.attempts());
    out.number(6, pending.budgetUsed());
    out.number(7, pending.dueAtMillis());
  }

  private static Pending readPending(byte[] bytes) {
    EventCodec.Fields fields = new EventCodec.Fields();
    Wire.read(bytes, fields.numbers(1, 5, 6, 7).fixed(2, 3, 4));
    return new Pending(
        fields.at(1),
        new WebhookId(fields.at(2), fields.at(3)),
        fields.at(4),
        (int) fields.at(5),
        (int) fields.at(6),
        fields.at(7));
  }

  private static void writeSegment(Wire.Writer out, KeyWindow.Segment segment) throws IOException {
    out.number(1, segment.bucket());
    out.number(2, segment.newestMillis());
    out.longs(3, segment.rows());
  }

  private static KeyWindow.Segment readSegment(byte[] bytes) {
    EventCodec.Fields fields = new EventCodec.Fields().numbers(1, 2);
    List<long[]> rows = new ArrayList<>();
    Wire.read(
        bytes,
        (field, in) -> {
          if (field != 3) return fields.read(field, in);
          rows.add(Wire.readLongs(in));
          return true;
        });
    return new KeyWindow.Segment(fields.at(1), fields.at(2), rows.get(0));
  }

  private static long[] liveRows(KeyWindow window) {
    long[] rows = new long[window.live().size() * 5];
    int at = 0;
    for (Map.Entry<KeyHash, KeyWindow.Seen> entry : window.live().entrySet()) {
      rows[at++] = entry.getKey().high();
      rows[at++] = entry.getKey().low();
      rows[at++] = entry.getValue().bodyHash();
      rows[at++] = entry.getValue().webhook().high();
      rows[at++] = entry.getValue().webhook().low();
    }
    return rows;
  }

  private static final class Reader implements Wire.FieldReader {
    private final EventCodec.Fields fields =
        new EventCodec.Fields().fixed(1, 2).blob(CONFIG).texts(4, 5).numbers(6, 7, 8, 9, 10, 14);
    private final List<Pending> backlog = new ArrayList<>();
    private final List<KeyWindow.Segment> segments = new ArrayList<>();
    private final Map<KeyHash, KeyWindow.Seen> live = new TreeMap<>();
    private Circuit circuit = Circuit.CLOSED;
    private TreePMap<Long, Endpoint.AttemptsEnded> outbox = TreePMap.empty();

    @Override
    public boolean read(int field, CodedInputStream in) throws IOException {
      switch (field) {
        case 11 -> backlog.add(readPending(in.readByteArray()));
        case 12 -> segments.add(readSegment(in.readByteArray()));
        case 13 -> readLive(Wire.readLongs(in));
        case 15 -> circuit = EventCodec.readCircuit(in.readByteArray());
        case 16 -> {
          Endpoint.AttemptsEnded batch = EventCodec.decodeEnded(in.readByteArray());
          outbox = outbox.plus(batch.batch(), batch);
        }
        default -> {
          return fields.read(field, in);
        }
      }
      return true;
    }

    private void readLive(long[] rows) {
      for (int at = 0; at < rows.length; at += 5)
        live.put(
            new KeyHash(rows[at], rows[at + 1]),
            new KeyWindow.Seen(new WebhookId(rows[at + 3], rows[at + 4]), rows[at + 2]));
    }

    State state() {
      EndpointConfig config = ConfigJson.fromJournal(fields.blob());
      return new State(
          new TenantId(fields.at(1), fields.at(2)),
          config,
          Status.valueOf(fields.text(4)),
          fields.text(5),
          fields.at(6),
          fields.at(7),
          fields.at(8),
          fields.at(9),
          Backlog.of(config.delivery().ordering(), backlog),
          KeyWindow.of(segments, live, fields.at(14)),
          circuit,
          outbox,
          fields.at(10));
    }
  }
}
