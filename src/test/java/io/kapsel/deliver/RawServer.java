package io.kapsel.deliver;

import io.kapsel.core.webhook.Body;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A destination that says exactly the bytes it is told to, and remembers those it heard. */
final class RawServer implements AutoCloseable {
  /** What to do with one connection, which is closed afterwards. */
  interface Script {
    void run(Connection connection) throws IOException, InterruptedException;
  }

  /** One request as it was on the wire. */
  record Request(String head, Body body) {
    List<String> lines() {
      return List.of(head.split("\r\n", -1));
    }

    /** The values of all lines of that name, in any case. */
    List<String> values(String name) {
      String prefix = name.toLowerCase(Locale.ROOT) + ":";
      return lines().stream()
          .filter(line -> line.toLowerCase(Locale.ROOT).startsWith(prefix))
          .map(line -> line.substring(prefix.length()).strip())
          .toList();
    }

    String value(String name) {
      List<String> values = values(name);
      if (values.size() != 1) {
        throw new AssertionError(values.size() + " lines of " + name + " in\n" + head);
      }
      return values.getFirst();
    }
  }

  /** One accepted connection; counted from 1. */
  final class Connection {
    final int number;
    final Socket socket;
    final InputStream in;
    final OutputStream out;

    Connection(int number, Socket socket) throws IOException {
      this.number = number;
      this.socket = socket;
      this.in = socket.getInputStream();
      this.out = socket.getOutputStream();
    }

    Request read() throws IOException {
      String head = readHead();
      int length = 0;
      for (String line : head.split("\r\n", -1)) {
        if (line.toLowerCase(Locale.ROOT).startsWith("content-length:")) {
          length = Integer.parseInt(line.substring(15).strip());
        }
      }
      Request request = new Request(head, Body.wrap(in.readNBytes(length)));
      requests.add(request);
      return request;
    }

    String readHead() throws IOException {
      ByteArrayOutputStream head = new ByteArrayOutputStream();
      while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
        int octet = in.read();
        if (octet < 0) {
          throw new EOFException();
        }
        head.write(octet);
      }
      return head.toString(StandardCharsets.ISO_8859_1);
    }

    /** Lines end with LF in the script and CR LF on the wire. */
    void say(String text) throws IOException {
      write(text.replace("\n", "\r\n"));
    }

    void write(String octets) throws IOException {
      out.write(octets.getBytes(StandardCharsets.ISO_8859_1));
      out.flush();
    }

    void answer(int status) throws IOException {
      say("HTTP/1.1 " + status + " So\nContent-Length: 0\n\n");
    }

    void reset() throws IOException {
      socket.setSoLinger(true, 0);
      socket.close();
    }

    /** Waits until the other side has closed; its last bytes are thrown away. */
    void awaitEnd() throws IOException {
      try {
        in.transferTo(OutputStream.nullOutputStream());
      } catch (java.net.SocketException e) {
        // Reset: an end, too.
      }
      ended.incrementAndGet();
    }
  }

  final LinkedBlockingQueue<Request> requests = new LinkedBlockingQueue<>();
  final AtomicInteger accepted = new AtomicInteger();
  final AtomicInteger ended = new AtomicInteger();
  final List<Throwable> failures = new CopyOnWriteArrayList<>();
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();
  private final ServerSocket listener;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  RawServer(Script script) throws IOException {
    this(new ServerSocket(0, 2_000, InetAddress.getLoopbackAddress()), script);
  }

  RawServer(ServerSocket listener, Script script) {
    this.listener = listener;
    threads.execute(() -> accept(script));
  }

  /** Answers every request on every connection alike. */
  static RawServer answering(String response) throws IOException {
    return new RawServer(
        connection -> {
          while (true) {
            connection.read();
            connection.say(response);
          }
        });
  }

  private void accept(Script script) {
    try {
      while (true) {
        Socket socket = listener.accept();
        sockets.add(socket);
        socket.setTcpNoDelay(true);
        int number = accepted.incrementAndGet();
        threads.execute(() -> serve(script, number, socket));
      }
    } catch (IOException e) {
      // Closed: the test is over.
    }
  }

  private void serve(Script script, int number, Socket socket) {
    try (socket) {
      script.run(new Connection(number, socket));
    } catch (IOException | InterruptedException e) {
      // The other side has gone, or the test is over.
    } catch (Throwable e) {
      failures.add(e);
    }
  }

  Request next() throws InterruptedException {
    Request request = requests.poll(10, TimeUnit.SECONDS);
    if (request == null) {
      throw new AssertionError("No request came");
    }
    return request;
  }

  int port() {
    return listener.getLocalPort();
  }

  String url(String path) {
    return "http://127.0.0.1:" + port() + path;
  }

  @Override
  public void close() throws IOException {
    listener.close();
    for (Socket socket : sockets) {
      socket.close();
    }
    threads.shutdownNow();
  }
}
