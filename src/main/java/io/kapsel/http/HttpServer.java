package io.kapsel.http;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.ServerChannelRecvByteBufAllocator;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Listens on one address and gives every request to one handler. */
public final class HttpServer {
  private static final int BACKLOG = 1_024;

  private final HttpLimits limits;
  private final Handler handler;
  private final EventLoopGroup loops =
      new NioEventLoopGroup(
          Runtime.getRuntime().availableProcessors(),
          new DefaultThreadFactory("kapsel-http", true));
  private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
  private final AtomicInteger requests = new AtomicInteger();
  private final AtomicLong bytesHeld = new AtomicLong();
  private final CompletableFuture<Void> allClosed = new CompletableFuture<>();
  private volatile boolean stopping;
  private volatile @Nullable Channel listening;

  HttpServer(HttpLimits limits, Handler handler) {
    this.limits = limits;
    this.handler = handler;
  }

  /**
   * Completes when connections are accepted; fails when the address cannot be bound.
   *
   * @param port 0 for any free one
   */
  public static CompletionStage<HttpServer> bind(
      String address, int port, HttpLimits limits, Handler handler) {
    var server = new HttpServer(limits, handler);
    var bound = new CompletableFuture<HttpServer>();
    var unused =
        new ServerBootstrap()
            .group(server.loops)
            .channel(NioServerSocketChannel.class)
            .option(ChannelOption.SO_BACKLOG, BACKLOG)
            .option(ChannelOption.SO_REUSEADDR, true)
            .option(ChannelOption.RCVBUF_ALLOCATOR, new ServerChannelRecvByteBufAllocator())
            .handler(new Turnstile(limits.connectionsMax()))
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
            .childHandler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel accepted) {
                    accepted.pipeline().addLast(new Connection(server));
                  }
                })
            .bind(address, port)
            .addListener((ChannelFuture done) -> server.bound(done, bound));
    return bound;
  }

  private void bound(ChannelFuture done, CompletableFuture<HttpServer> bound) {
    if (done.isSuccess()) {
      listening = done.channel();
      bound.complete(this);
    } else {
      var unused = endLoops();
      bound.completeExceptionally(done.cause());
    }
  }

  /**
   * Lets in one connection after the other; beyond the maximum they wait in the operating system's
   * queue.
   */
  private static final class Turnstile extends ChannelInboundHandlerAdapter {
    private final int connectionsMax;
    private int connections;

    Turnstile(int connectionsMax) {
      this.connectionsMax = connectionsMax;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object accepted) {
      if (++connections >= connectionsMax) context.channel().config().setAutoRead(false);
      var unused = ((Channel) accepted).closeFuture().addListener(closed -> left(context));
      context.fireChannelRead(accepted);
    }

    private void left(ChannelHandlerContext context) {
      if (context.executor().isShuttingDown()) return;
      context
          .executor()
          .execute(
              () -> {
                connections--;
                context.channel().config().setAutoRead(true);
              });
    }
  }

  public InetSocketAddress address() {
    Channel bound = listening;
    if (bound == null) throw new IllegalStateException("not bound");
    return (InetSocketAddress) bound.localAddress();
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
  public CompletionStage<Void> stop(Duration timeout) {
    stopping = true;
    Channel bound = listening;
    if (allClosed.isDone() || bound == null) return endLoops();
    var unused = bound.close();
    connections.forEach(Connection::close);
    completeWhenClosed();
    var cutOff =
        loops.schedule(
            () -> connections.forEach(Connection::abort),
            timeout.toMillis(),
            TimeUnit.MILLISECONDS);
    return allClosed.thenCompose(
        done -> {
          cutOff.cancel(false);
          return endLoops();
        });
  }

  private CompletionStage<Void> endLoops() {
    var ended = new CompletableFuture<Void>();
    var unused =
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).addListener(done -> ended.complete(null));
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

  void opened(Connection connection) {
    connections.add(connection);
    if (stopping) connection.close();
  }

  void closed(Connection connection) {
    connections.remove(connection);
    completeWhenClosed();
  }

  private void completeWhenClosed() {
    if (stopping && connections.isEmpty()) allClosed.complete(null);
  }

  void requestStarted() {
    requests.incrementAndGet();
  }

  void requestEnded() {
    requests.decrementAndGet();
  }

  /** False when the node already holds as many body bytes as it may. */
  boolean reserve(long bytes) {
    long free = limits.bufferedBytesMax() - bytes;
    return bytesHeld.getAndUpdate(held -> held <= free ? held + bytes : held) <= free;
  }

  void release(long bytes) {
    bytesHeld.addAndGet(-bytes);
  }
}
