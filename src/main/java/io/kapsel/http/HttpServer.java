package io.kapsel.http;

import akka.Done;
import akka.NotUsed;
import akka.actor.typed.ActorSystem;
import akka.stream.Materializer;
import akka.stream.javadsl.Flow;
import akka.stream.javadsl.Sink;
import akka.stream.javadsl.Tcp;
import akka.util.ByteString;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Listens on one address and gives every request to one handler. */
public final class HttpServer {
  private static final int BACKLOG = 1_024;

  private final ActorSystem<?> system;
  private final HttpLimits limits;
  private final Handler handler;
  private final Set<Connection.Logic> connections = ConcurrentHashMap.newKeySet();
  private final AtomicInteger requests = new AtomicInteger();
  private final AtomicLong bytesHeld = new AtomicLong();
  private final CompletableFuture<Done> allClosed = new CompletableFuture<>();
  private volatile boolean stopping;
  private volatile Tcp.@Nullable ServerBinding binding;

  private HttpServer(ActorSystem<?> system, HttpLimits limits, Handler handler) {
    this.system = system;
    this.limits = limits;
    this.handler = handler;
  }

  /**
   * Completes when connections are accepted; fails when the address cannot be bound.
   *
   * @param port 0 for any free one
   */
  public static CompletionStage<HttpServer> bind(
      ActorSystem<?> system, String address, int port, HttpLimits limits, Handler handler) {
    var server = new HttpServer(system, limits, handler);
    return Tcp.get(system)
        .bind(address, port, BACKLOG, List.of(), true, Optional.empty())
        .mapAsyncUnordered(limits.connectionsMax(), server::serve)
        .to(Sink.ignore())
        .run(system)
        .thenApply(
            bound -> {
              server.binding = bound;
              return server;
            });
  }

  public InetSocketAddress address() {
    Tcp.ServerBinding bound = binding;
    if (bound == null) throw new IllegalStateException("not bound");
    return bound.localAddress();
  }

  /** Requests whose head was read and whose response is not yet written. */
  public int requestsInProgress() {
    return requests.get();
  }

  public int connectionsOpen() {
    return connections.size();
  }

  /** Bytes of bodies held in memory. */
  public long bytesHeld() {
    return bytesHeld.get();
  }

  /**
   * Accepts no more connections, ends each one when its request is answered, and cuts off what is
   * left after the timeout. Completes when all are closed.
   */
  public CompletionStage<Done> stop(Duration timeout) {
    stopping = true;
    Tcp.ServerBinding bound = binding;
    CompletionStage<?> unbound =
        bound == null ? CompletableFuture.completedStage(Done.getInstance()) : bound.unbind();
    var cutOff =
        system
            .scheduler()
            .scheduleOnce(
                timeout,
                () -> connections.forEach(Connection.Logic::abort),
                system.executionContext());
    connections.forEach(Connection.Logic::close);
    completeWhenClosed();
    return unbound
        .thenCompose(done -> allClosed)
        .thenApply(
            done -> {
              cutOff.cancel();
              return done;
            });
  }

  private CompletionStage<Done> serve(Tcp.IncomingConnection incoming) {
    var ended = new CompletableFuture<Done>();
    InetAddress peer = incoming.remoteAddress().getAddress();
    var connection = new Connection(this, peer == null ? null : peer.getHostAddress(), ended);
    Flow<ByteString, ByteString, NotUsed> flow = Flow.fromGraph(connection);
    incoming.handleWith(flow, Materializer.matFromSystem(system));
    return ended;
  }

  HttpLimits limits() {
    return limits;
  }

  Handler handler() {
    return handler;
  }

  boolean isStopping() {
    return stopping;
  }

  void opened(Connection.Logic connection) {
    connections.add(connection);
    if (stopping) connection.close();
  }

  void closed(Connection.Logic connection) {
    connections.remove(connection);
    completeWhenClosed();
  }

  private void completeWhenClosed() {
    if (stopping && connections.isEmpty()) allClosed.complete(Done.getInstance());
  }

  void requestStarted() {
    requests.incrementAndGet();
  }

  void requestEnded() {
    requests.decrementAndGet();
  }

  /** False when the node already holds as many body bytes as it may. */
  boolean reserve(long bytes) {
    if (bytesHeld.addAndGet(bytes) <= limits.bufferedBytesMax()) return true;
    bytesHeld.addAndGet(-bytes);
    return false;
  }

  void release(long bytes) {
    bytesHeld.addAndGet(-bytes);
  }
}
