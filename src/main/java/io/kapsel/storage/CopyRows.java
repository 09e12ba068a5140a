package io.kapsel.storage;

import io.kapsel.core.webhook.Header;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/** Rows in the binary form of PostgreSQL's COPY, sent in large pieces. */
final class CopyRows {
  private static final int PIECE_BYTES = 256 << 10;
  private static final byte[] SIGNATURE = {
    'P', 'G', 'C', 'O', 'P', 'Y', '\n', (byte) 0xff, '\r', '\n', 0
  };

  interface Rows {
    void writeTo(CopyRows copy) throws SQLException;
  }

  private final CopyIn copy;
  private final WireBuffer buffer;

  private CopyRows(CopyIn copy, WireBuffer buffer) {
    this.copy = copy;
    this.buffer = buffer;
    buffer.put(SIGNATURE).int4(0).int4(0);
  }

  /** Runs one COPY statement; whatever goes wrong, the connection is out of copy mode after it. */
  static void copy(Connection connection, String sql, int bytesExpected, Rows rows)
      throws SQLException {
    CopyIn copy = connection.unwrap(PGConnection.class).getCopyAPI().copyIn(sql);
    try {
      int capacity = Math.min(bytesExpected, PIECE_BYTES + PIECE_BYTES / 4);
      var target = new CopyRows(copy, new WireBuffer(capacity));
      rows.writeTo(target);
      target.end();
    } finally {
      if (copy.isActive()) copy.cancelCopy();
    }
  }

  CopyRows row(int fields) throws SQLException {
    if (buffer.length() >= PIECE_BYTES) flush();
    buffer.int2(fields);
    return this;
  }

  CopyRows uuid(long high, long low) {
    buffer.int4(16).int8(high).int8(low);
    return this;
  }

  CopyRows bigint(long value) {
    buffer.int4(8).int8(value);
    return this;
  }

  CopyRows integer(int value) {
    buffer.int4(4).int4(value);
    return this;
  }

  CopyRows text(String value) {
    buffer.text(value);
    return this;
  }

  CopyRows bytes(byte[] value) throws SQLException {
    buffer.int4(value.length);
    if (value.length < PIECE_BYTES) {
      buffer.put(value);
    } else {
      flush();
      copy.writeToCopy(value, 0, value.length);
    }
    return this;
  }

  CopyRows headers(List<Header> headers) {
    buffer.int4(HeaderLines.length(headers));
    HeaderLines.write(headers, buffer);
    return this;
  }

  private void end() throws SQLException {
    buffer.int2(-1);
    flush();
    copy.endCopy();
  }

  private void flush() throws SQLException {
    if (buffer.length() > 0) copy.writeToCopy(buffer.unsafeBytes(), 0, buffer.length());
    buffer.clear();
  }
}
