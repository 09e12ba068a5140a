package io.kapsel.endpoint;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.function.UnaryOperator;

/**
 * Protobuf's wire format without generated classes: numbered fields, unknown ones skipped, absent
 * ones read as their default. Nested messages are fields of bytes.
 */
final class Wire {
  private Wire() {}

  interface WriterBody {
    void write(Writer writer) throws IOException;
  }

  interface FieldReader {
    /** Must consume the field's value, or return false to have it skipped. */
    boolean read(int field, CodedInputStream in) throws IOException;
  }

  static byte[] write(WriterBody body) {
    try {
      Writer writer = new Writer();
      body.write(writer);
      return writer.bytes();
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }

  static void read(byte[] bytes, FieldReader reader) {
    try {
      CodedInputStream in = CodedInputStream.newInstance(bytes);
      for (int tag = in.readTag(); tag != 0; tag = in.readTag())
        if (!reader.read(tag >>> 3, in)) in.skipField(tag);
    } catch (IOException corrupt) {
      throw new UncheckedIOException(corrupt);
    }
  }

  /** The same message with the value of one field of bytes changed; all else stays as it is. */
  static byte[] withField(byte[] message, int field, UnaryOperator<byte[]> change) {
    try {
      CodedInputStream in = CodedInputStream.newInstance(message);
      ByteArrayOutputStream buffer = new ByteArrayOutputStream(message.length + 128);
      CodedOutputStream out = CodedOutputStream.newInstance(buffer);
      int from = 0;
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        if (tag >>> 3 == field) {
          out.writeByteArray(field, change.apply(in.readByteArray()));
        } else {
          in.skipField(tag);
          out.writeRawBytes(message, from, in.getTotalBytesRead() - from);
        }
        from = in.getTotalBytesRead();
      }
      out.flush();
      return buffer.toByteArray();
    } catch (IOException corrupt) {
      throw new UncheckedIOException(corrupt);
    }
  }

  static long[] readLongs(CodedInputStream in) throws IOException {
    byte[] bytes = in.readByteArray();
    CodedInputStream packed = CodedInputStream.newInstance(bytes);
    long[] longs = new long[bytes.length / Long.BYTES];
    for (int i = 0; i < longs.length; i++) longs[i] = packed.readFixed64();
    return longs;
  }

  static final class Writer {
    /** Of most messages: one webhook or one outcome. */
    private static final int BYTES_USUAL = 96;

    private final ByteArrayOutputStream buffer = new ByteArrayOutputStream(BYTES_USUAL);
    private final CodedOutputStream out = CodedOutputStream.newInstance(buffer, BYTES_USUAL);

    void number(int field, long value) throws IOException {
      if (value != 0) out.writeUInt64(field, value);
    }

    /** For values that may be negative but are small. */
    void signed(int field, long value) throws IOException {
      if (value != 0) out.writeSInt64(field, value);
    }

    void fixed(int field, long value) throws IOException {
      if (value != 0) out.writeFixed64(field, value);
    }

    void flag(int field, boolean value) throws IOException {
      if (value) out.writeBool(field, true);
    }

    void text(int field, String value) throws IOException {
      if (!value.isEmpty()) out.writeByteArray(field, value.getBytes(StandardCharsets.UTF_8));
    }

    void bytes(int field, byte[] value) throws IOException {
      out.writeByteArray(field, value);
    }

    void longs(int field, long[] values) throws IOException {
      out.writeTag(field, 2);
      out.writeUInt32NoTag(values.length * Long.BYTES);
      for (long value : values) out.writeFixed64NoTag(value);
    }

    void message(int field, WriterBody body) throws IOException {
      Writer nested = new Writer();
      body.write(nested);
      out.writeByteArray(field, nested.bytes());
    }

    byte[] bytes() throws IOException {
      out.flush();
      return buffer.toByteArray();
    }
  }
}
