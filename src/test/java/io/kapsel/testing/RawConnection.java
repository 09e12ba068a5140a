package io.kapsel.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A client that sends exactly the bytes it is told to. Every wait ends after ten seconds. */
public final class RawConnection implements AutoCloseable {
  private static final int TIMEOUT_MILLIS = 10_000;
  private static final ObjectMapper JSON = new ObjectMapper();

  /** A response as it came. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Reply(int status, List<String> headers, byte[] body) {
    /** The value of the only header of that name; empty when there is none. */
    public Optional<String> header(String name) {
      List<String> values = new ArrayList<>();
      for (String line : headers) {
        int colon = line.indexOf(':');
        if (line.substring(0, colon).equalsIgnoreCase(name)) {
          values.add(line.substring(colon + 1).strip());
        }
      }
      if (values.size() > 1) throw new AssertionError("repeated header " + name + ": " + headers);
      return values.stream().findFirst();
    }

    public String text() {
      return new String(body, UTF_8);
    }

    public JsonNode json() {
      try {
        return JSON.readTree(body);
      } catch (IOException notJson) {
        throw new UncheckedIOException(text(), notJson);
      }
    }

    /** Status and code of a problem document, such as {@code 404 E1003}. */
    public String problem() {
      String type = header("Content-Type").orElse("");
      if (!type.equals("application/problem+json")) return status + " " + type;
      if (json().get("status").asInt() != status) throw new AssertionError("status: " + text());
      return status + " " + json().get("code").asText();
    }

    public boolean closes() {
      return header("Connection").orElse("").equals("close");
    }
  }

  private final Socket socket;
  private final InputStream in;

  public RawConnection(InetSocketAddress address) {
    try {
      socket = new Socket();
      socket.connect(address, TIMEOUT_MILLIS);
      socket.setSoTimeout(TIMEOUT_MILLIS);
      socket.setTcpNoDelay(true);
      in = new BufferedInputStream(socket.getInputStream());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Sends one request on a connection of its own. */
  public static Reply exchange(InetSocketAddress address, String request) {
    try (var connection = new RawConnection(address)) {
      return connection.send(request).receive();
    }
  }

  public RawConnection send(String latin1) {
    return send(latin1.getBytes(ISO_8859_1));
  }

  public RawConnection send(byte[] bytes) {
    try {
      socket.getOutputStream().write(bytes);
      socket.getOutputStream().flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  /** Sends as much as the other side takes; false when it cut the connection. */
  public boolean sendUnlessCut(byte[] bytes) {
    try {
      socket.getOutputStream().write(bytes);
      return true;
    } catch (IOException cut) {
      return false;
    }
  }

  /** Says that nothing more will be sent; answers can still be received. */
  public RawConnection finish() {
    try {
      socket.shutdownOutput();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  public Reply receive() {
    return receive(true);
  }

  /** Receives the answer to a HEAD. */
  public Reply receiveHead() {
    return receive(false);
  }

  private Reply receive(boolean withBody) {
    try {
      String statusLine = line();
      if (!statusLine.startsWith("HTTP/1.1 ")) throw new AssertionError("got: " + statusLine);
      int status = Integer.parseInt(statusLine.substring(9, 12));
      List<String> headers = new ArrayList<>();
      for (String line = line(); !line.isEmpty(); line = line()) headers.add(line);
      var head = new Reply(status, headers, new byte[0]);
      int length = Integer.parseInt(head.header("Content-Length").orElse("0"));
      return withBody ? new Reply(status, headers, in.readNBytes(length)) : head;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String line() throws IOException {
    var line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) throw new AssertionError("the connection ended after: " + line);
      line.append((char) c);
    }
    if (line.isEmpty() || line.charAt(line.length() - 1) != '\r') {
      throw new AssertionError("line without CR: " + line);
    }
    return line.substring(0, line.length() - 1);
  }

  /** Whether the other side ends the connection without sending anything more. */
  public boolean isEnded() {
    try {
      return in.read() < 0;
    } catch (java.net.SocketTimeoutException open) {
      return false;
    } catch (IOException reset) {
      return true;
    }
  }

  /** Everything until the other side ends the connection, or until it has been silent that long. */
  public String rest(int silenceMillis) {
    var text = new StringBuilder();
    try {
      socket.setSoTimeout(silenceMillis);
      for (int c = in.read(); c >= 0; c = in.read()) text.append((char) c);
    } catch (IOException openOrReset) {
      return text.toString();
    }
    return text.toString();
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
