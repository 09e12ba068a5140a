package io.kapsel.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;

/** Passes bytes on to a port of this machine, or holds them back, or answers by itself. */
public final class StallingProxy implements AutoCloseable {
  private static final int CHUNK = 8_192;

  private final ServerSocket listener;
  private final int target;
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();
  private volatile boolean stalled;
  private volatile boolean closed;

  public StallingProxy(int target) {
    this.target = target;
    try {
      listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
    Thread.ofVirtual().start(this::accept);
  }

  public int port() {
    return listener.getLocalPort();
  }

  /** From now on nothing passes; what was held back passes once this ends. */
  public void stall(boolean now) {
    stalled = now;
  }

  private void accept() {
    while (!closed) {
      try {
        Socket client = listener.accept();
        Socket server = new Socket(InetAddress.getLoopbackAddress(), target);
        sockets.add(client);
        sockets.add(server);
        Thread.ofVirtual().start(() -> pass(client, server));
        Thread.ofVirtual().start(() -> pass(server, client));
      } catch (IOException gone) {
        if (!closed) LockSupport.parkNanos(1_000_000);
      }
    }
  }

  private void pass(Socket from, Socket to) {
    byte[] bytes = new byte[CHUNK];
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int length = in.read(bytes); length > 0; length = in.read(bytes)) {
        while (stalled && !closed) LockSupport.parkNanos(1_000_000);
        out.write(bytes, 0, length);
      }
    } catch (IOException gone) {
      // The other end is closed with this one.
    }
  }

  @Override
  public void close() throws IOException {
    closed = true;
    listener.close();
    for (Socket socket : sockets) socket.close();
  }
}
