package io.kapsel.http;

import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Rejection;
import io.kapsel.http.Handler.Admission;
import io.kapsel.http.RequestReader.Step;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection: bytes in, bytes out, one request at a time. While a request is being answered no
 * more is read than had already come, so that a pipelining client waits in its own buffers. Runs on
 * its event loop and holds no thread.
 */
final class Connection extends ChannelInboundHandlerAdapter {
  private static final Logger LOG = LoggerFactory.getLogger(Connection.class);

  private enum Phase {
    /** Between requests, or in the middle of reading one. */
    READING,
    ADMITTING,
    ANSWERING,
    WRITING,
    /** The last response is out; input is discarded until the peer closes. */
    LINGERING,
    CLOSED
  }

  private final HttpServer server;
  private final HttpLimits limits;
  private final RequestReader reader;
  private ChannelHandlerContext context;
  private @Nullable String remoteAddress;
  private Phase phase = Phase.READING;
  private @Nullable RequestHead head;
  private Handler.@Nullable Answer answering;
  private boolean inputEnded;
  private boolean closeAfterWrite;
  private boolean closing;
  private long bytesReserved;
  private long bodyNanos;
  private long deadlineNanos;
  private long timerNanos;
  private @Nullable ScheduledFuture<?> timer;
  private long exchange;

  @SuppressWarnings("NullAway.Init") // the context is there before anything else happens
  Connection(HttpServer server) {
    this.server = server;
    this.limits = server.limits();
    this.reader = new RequestReader(limits);
  }

  @Override
  public void handlerAdded(ChannelHandlerContext added) {
    context = added;
  }

  @Override
  public void channelActive(ChannelHandlerContext active) {
    if (active.channel().remoteAddress() instanceof InetSocketAddress peer
        && peer.getAddress() != null) {
      remoteAddress = peer.getAddress().getHostAddress();
    }
    deadline(limits.headMillisMax());
    server.opened(this);
  }

  @Override
  public void channelInactive(ChannelHandlerContext inactive) {
    phase = Phase.CLOSED;
    release();
    if (head != null) server.requestEnded();
    if (timer != null) timer.cancel(false);
    server.closed(this);
  }

  @Override
  public void channelRead(ChannelHandlerContext reading, Object message) {
    var bytes = (ByteBuf) message;
    try {
      if (phase != Phase.LINGERING && phase != Phase.CLOSED) received(ByteBufUtil.getBytes(bytes));
    } finally {
      bytes.release();
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext triggered, Object event) {
    if (event != ChannelInputShutdownEvent.INSTANCE) return;
    inputEnded = true;
    read(false);
    if (phase == Phase.LINGERING) end();
    else if (phase == Phase.READING) proceed();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext caught, Throwable cause) {
    if (!(cause instanceof IOException)) LOG.error("a connection failed", cause);
    end();
  }

  /**
   * Asks the connection to end as soon as the request in hand is answered. May come from anywhere.
   */
  void close() {
    onLoop(() -> close(true));
  }

  /** Ends the connection whatever it is doing. May come from anywhere. */
  void abort() {
    onLoop(() -> close(false));
  }

  private void close(boolean orderly) {
    closing = true;
    if (!orderly || (phase == Phase.READING && !reader.isInside())) end();
  }

  private void onLoop(Runnable step) {
    context
        .executor()
        .execute(
            () -> {
              try {
                step.run();
              } catch (RuntimeException bug) {
                exceptionCaught(context, bug);
              }
            });
  }

  private void read(boolean on) {
    context.channel().config().setAutoRead(on);
  }

  private void received(byte[] bytes) {
    if (phase == Phase.READING && !reader.isInside()) deadline(limits.headMillisMax());
    reader.feed(bytes);
    if (phase == Phase.READING) proceed();
    else read(false);
  }

  private void proceed() {
    while (phase == Phase.READING) {
      switch (reader.next()) {
        case Step.Waiting more -> {
          waitForMore();
          return;
        }
        case Step.HeadRead read -> {
          head = read.head();
          server.requestStarted();
          admit(read.head());
        }
        case Step.Complete complete -> answer(complete.head(), complete.body());
        case Step.Refused refused ->
            respond(ProblemResponse.of(refused.refusal(), requestId()).closing());
      }
    }
  }

  private void waitForMore() {
    if (!reserve()) {
      var overload =
          Rejection.of(ErrorCode.QUEUE_FULL, "Too many bodies are being received.")
              .withRetryAfterSeconds(1);
      respond(ProblemResponse.of(overload, requestId()).closing());
    } else if (inputEnded) {
      if (reader.isInside()) {
        respond(ProblemResponse.of(reader.endOfInput(), requestId()).closing());
      } else {
        end();
      }
    } else {
      if (reader.isInBody()) bodyDeadline();
      else if (!reader.isInside()) deadline(closing ? 0 : limits.idleMillisMax());
      read(true);
    }
  }

  private void admit(RequestHead head) {
    phase = Phase.ADMITTING;
    Admission admission;
    try {
      admission = server.handler().admit(head, remoteAddress);
    } catch (RuntimeException bug) {
      admission = new Admission.Refuse(failed(bug));
    }
    if (admission instanceof Admission.Later later) {
      deadline(limits.answerMillisMax());
      long current = ++exchange;
      var unused =
          later
              .admission()
              .whenComplete(
                  (result, failure) -> onLoop(() -> onAdmitted(current, result, failure)));
    } else {
      admitted(admission);
    }
  }

  /** Exactly one of admission and failure is there. */
  private void onAdmitted(
      long admitting, @Nullable Admission admission, @Nullable Throwable failure) {
    if (phase != Phase.ADMITTING || admitting != exchange) return;
    admitted(admission != null ? admission : new Admission.Refuse(failed(failure)));
    proceed();
  }

  private void admitted(Admission admission) {
    RequestHead current = current();
    switch (admission) {
      case Admission.Read read -> {
        if (current.bodyBytes() > read.bodyBytesMax()) {
          Refusal refusal = RequestReader.payloadTooLarge(read.bodyBytesMax());
          respond(ProblemResponse.of(refusal, requestId()).closing());
        } else {
          phase = Phase.READING;
          answering = read.answer();
          bodyNanos = System.nanoTime();
          reader.readBody(read.bodyBytesMax());
          if (current.expectsContinue() && current.bodyBytes() != 0 && !reader.hasMore()) {
            var unused = write(ResponseWriter.CONTINUE);
          }
        }
      }
      case Admission.Refuse refuse when current.bodyBytes() == 0 -> {
        reader.skipRequest();
        respond(refuse.response());
      }
      case Admission.Refuse refuse -> respond(brokenFraming().orElse(refuse.response()).closing());
      case Admission.Later nested ->
          respond(failed(new IllegalStateException("admission twice deferred")));
    }
  }

  /** Framing comes before everything else: also before a refusal, as far as it has come. */
  private Optional<Response> brokenFraming() {
    if (current().bodyBytes() != RequestHead.CHUNKED || !reader.hasMore()) return Optional.empty();
    reader.readBody(Long.MAX_VALUE);
    return reader.next() instanceof Step.Refused refused
        ? Optional.of(ProblemResponse.of(refused.refusal(), requestId()))
        : Optional.empty();
  }

  private void answer(RequestHead head, byte[] body) {
    phase = Phase.ANSWERING;
    deadline(limits.answerMillisMax());
    CompletionStage<Response> answer;
    try {
      answer = answering().to(new Request(head, body));
    } catch (RuntimeException bug) {
      respond(failed(bug));
      return;
    }
    if (answer instanceof CompletableFuture<Response> future
        && future.isDone()
        && !future.isCompletedExceptionally()) {
      respond(future.join());
      return;
    }
    long current = ++exchange;
    var unused =
        answer.whenComplete(
            (response, failure) -> onLoop(() -> onAnswered(current, response, failure)));
  }

  /** Exactly one of response and failure is there. */
  private void onAnswered(long answered, @Nullable Response response, @Nullable Throwable failure) {
    if (phase != Phase.ANSWERING || answered != exchange) return;
    respond(response != null ? response : failed(failure));
    proceed();
  }

  private void respond(Response response) {
    RequestHead current = head;
    boolean persistent = current != null && current.persistent() && !response.close();
    closeAfterWrite = !persistent || closing || server.isStopping();
    boolean bodiless = current != null && current.method().equals("HEAD");
    boolean http10 = current != null && current.http10();
    if (reader.isInBody()) reader.forgetBody();
    release();
    phase = Phase.WRITING;
    ChannelFuture sent = write(ResponseWriter.write(response, closeAfterWrite, bodiless, http10));
    if (sent.isDone()) {
      written(sent.isSuccess());
    } else {
      deadline(limits.writeMillisMax());
      var unused =
          sent.addListener(
              done -> {
                written(done.isSuccess());
                proceed();
              });
    }
  }

  private ChannelFuture write(byte[] bytes) {
    return context.writeAndFlush(Unpooled.wrappedBuffer(bytes));
  }

  private void written(boolean whole) {
    if (phase != Phase.WRITING) return;
    if (!whole) {
      end();
      return;
    }
    if (head != null) server.requestEnded();
    head = null;
    answering = null;
    if (closeAfterWrite) {
      linger();
    } else {
      phase = Phase.READING;
      if (reader.isInside()) deadline(limits.headMillisMax());
    }
  }

  /**
   * Closing with unread input would reset the connection and destroy the response (RFC 9112 §9.6).
   */
  private void linger() {
    if (inputEnded) {
      end();
      return;
    }
    phase = Phase.LINGERING;
    var unused = ((DuplexChannel) context.channel()).shutdownOutput();
    deadline(limits.lingerMillisMax());
    read(true);
  }

  private void end() {
    phase = Phase.CLOSED;
    var unused = context.close();
  }

  private boolean reserve() {
    long held = reader.bodyBytesHeld();
    if (held <= bytesReserved) return true;
    if (!server.reserve(held - bytesReserved)) return false;
    bytesReserved = held;
    return true;
  }

  private void release() {
    if (bytesReserved > 0) server.release(bytesReserved);
    bytesReserved = 0;
  }

  private void bodyDeadline() {
    long sinceBody = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - bodyNanos);
    long affordable =
        limits.bodyIdleMillisMax()
            + reader.bodyBytesReceived() * 1_000L / limits.bodyBytesPerSecondMin();
    long allowed =
        Math.min(
            limits.bodyIdleMillisMax(), Math.min(limits.bodyMillisMax(), affordable) - sinceBody);
    deadline(Math.max(allowed, 0));
  }

  private void deadline(long millis) {
    deadlineNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    if (timer == null) {
      arm();
    } else if (deadlineNanos - timerNanos < 0) {
      timer.cancel(false);
      arm();
    }
  }

  private void arm() {
    timerNanos = deadlineNanos;
    long nanos = Math.max(deadlineNanos - System.nanoTime(), 0);
    timer = context.executor().schedule(this::onTimer, nanos, TimeUnit.NANOSECONDS);
  }

  /** The timer is only ever moved forward when it fires: a busy connection touches it rarely. */
  private void onTimer() {
    timer = null;
    if (System.nanoTime() - deadlineNanos < 0) arm();
    else expired();
  }

  private void expired() {
    switch (phase) {
      case READING -> {
        if (reader.isInside()) {
          Refusal late = Refusal.of(ErrorCode.REQUEST_TIMEOUT, "The request came too slowly.");
          respond(ProblemResponse.of(late, requestId()).closing());
        } else {
          end();
        }
      }
      case ADMITTING, ANSWERING -> {
        LOG.warn("no answer within {} ms", limits.answerMillisMax());
        exchange++;
        var late = Rejection.of(ErrorCode.WORKER_POOL_EXHAUSTED).withRetryAfterSeconds(1);
        respond(ProblemResponse.of(late, requestId()).closing());
      }
      case WRITING, LINGERING -> end();
      case CLOSED -> {}
    }
  }

  private RequestHead current() {
    if (head == null) throw new IllegalStateException("no request");
    return head;
  }

  private Handler.Answer answering() {
    if (answering == null) throw new IllegalStateException("not admitted");
    return answering;
  }

  private String requestId() {
    return head == null ? RequestIds.fresh() : RequestIds.of(head);
  }

  private Response failed(@Nullable Throwable bug) {
    String requestId = requestId();
    LOG.error("request {} failed", requestId, bug);
    return ProblemResponse.of(Rejection.of(ErrorCode.INTERNAL_ERROR), requestId).closing();
  }
}
