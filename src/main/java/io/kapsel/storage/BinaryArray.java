package io.kapsel.storage;

import io.kapsel.core.webhook.WebhookId;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import org.postgresql.core.Oid;
import org.postgresql.util.PGBinaryObject;
import org.postgresql.util.PGobject;

/**
 * An array parameter in PostgreSQL's binary form. The driver would send most of these as text,
 * which both sides then spend more on than on the rest of the statement.
 */
@SuppressWarnings("serial")
final class BinaryArray extends PGobject implements PGBinaryObject {
  /** To be enabled in the driver by {@code binaryTransferEnable}. */
  static final String TYPES =
      Oid.UUID_ARRAY + "," + Oid.TEXT_ARRAY + "," + Oid.INT4_ARRAY + "," + Oid.TIMESTAMPTZ_ARRAY;

  /** A time that is not there. */
  static final long NEVER = 0;

  private static final int HEADER_BYTES = 20;
  private static final long POSTGRES_EPOCH_MILLIS = 946_684_800_000L;

  private final WireBuffer buffer;

  private BinaryArray(String type, WireBuffer buffer) {
    setType(type);
    this.buffer = buffer;
  }

  static BinaryArray webhookIds(List<WebhookId> ids) {
    return uuids(ids, WebhookId::high, WebhookId::low);
  }

  static <T> BinaryArray uuids(List<T> rows, ToLongFunction<T> high, ToLongFunction<T> low) {
    WireBuffer buffer = header(Oid.UUID, rows.size(), 20);
    for (T row : rows) {
      buffer.int4(16).int8(high.applyAsLong(row)).int8(low.applyAsLong(row));
    }
    return new BinaryArray("_uuid", buffer);
  }

  static <T> BinaryArray integers(List<T> rows, ToIntFunction<T> value) {
    WireBuffer buffer = header(Oid.INT4, rows.size(), 8);
    for (T row : rows) buffer.int4(4).int4(value.applyAsInt(row));
    return new BinaryArray("_int4", buffer);
  }

  /** Milliseconds since the epoch; {@link #NEVER} becomes null. */
  static <T> BinaryArray times(List<T> rows, ToLongFunction<T> millis) {
    WireBuffer buffer = header(Oid.TIMESTAMPTZ, rows.size(), 12);
    for (T row : rows) {
      long value = millis.applyAsLong(row);
      if (value == NEVER) buffer.int4(-1);
      else buffer.int4(8).int8((value - POSTGRES_EPOCH_MILLIS) * 1_000);
    }
    return new BinaryArray("_timestamptz", buffer);
  }

  static <T> BinaryArray texts(List<T> rows, Function<T, String> text) {
    WireBuffer buffer = header(Oid.TEXT, rows.size(), 32);
    for (T row : rows) buffer.text(text.apply(row));
    return new BinaryArray("_text", buffer);
  }

  private static WireBuffer header(int elementType, int elements, int elementBytes) {
    var buffer = new WireBuffer(HEADER_BYTES + elements * elementBytes);
    return buffer.int4(1).int4(1).int4(elementType).int4(elements).int4(1);
  }

  @Override
  public int lengthInBytes() {
    return buffer.length();
  }

  @Override
  public void toBytes(byte[] target, int offset) {
    System.arraycopy(buffer.unsafeBytes(), 0, target, offset, buffer.length());
  }

  @Override
  public void setByteValue(byte[] value, int offset) {
    throw new UnsupportedOperationException();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(this);
  }
}
