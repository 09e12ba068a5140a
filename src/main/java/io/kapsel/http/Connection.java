package io.kapsel.http;

import akka.Done;
import akka.stream.Attributes;
import akka.stream.FlowShape;
import akka.stream.Inlet;
import akka.stream.Outlet;
import akka.stream.stage.AbstractInHandler;
import akka.stream.stage.AbstractOutHandler;
import akka.stream.stage.AsyncCallback;
import akka.stream.stage.GraphStage;
import akka.stream.stage.GraphStageLogic;
import akka.stream.stage.TimerGraphStageLogic;
import akka.util.ByteString;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Rejection;
import io.kapsel.http.Handler.Admission;
import io.kapsel.http.RequestReader.Step;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection: bytes in, bytes out, one request at a time. While a request is being answered
 * nothing is read, so that a pipelining client waits in its own buffers. Holds no thread.
 */
final class Connection extends GraphStage<FlowShape<ByteString, ByteString>> {
  private static final Logger LOG = LoggerFactory.getLogger(Connection.class);
  private static final Object TIMER = "deadline";

  private final Inlet<ByteString> in = Inlet.create("Connection.in");
  private final Outlet<ByteString> out = Outlet.create("Connection.out");
  private final FlowShape<ByteString, ByteString> shape = FlowShape.of(in, out);
  private final HttpServer server;
  private final @Nullable String remoteAddress;
  private final CompletableFuture<Done> ended;

  /**
   * @param ended completed when the connection is over
   */
  Connection(HttpServer server, @Nullable String remoteAddress, CompletableFuture<Done> ended) {
    this.server = server;
    this.remoteAddress = remoteAddress;
    this.ended = ended;
  }

  @Override
  public FlowShape<ByteString, ByteString> shape() {
    return shape;
  }

  @Override
  public GraphStageLogic createLogic(Attributes attributes) {
    return new Logic();
  }

  private enum Phase {
    /** Between requests, or in the middle of reading one. */
    READING,
    ADMITTING,
    ANSWERING,
    WRITING,
    /** The last response is out; input is discarded until the peer closes. */
    LINGERING
  }

  final class Logic extends TimerGraphStageLogic {
    private final HttpLimits limits = server.limits();
    private final RequestReader reader = new RequestReader(limits);
    private Phase phase = Phase.READING;
    private @Nullable RequestHead head;
    private Handler.@Nullable Answer answering;
    private @Nullable ByteString unwritten;
    private boolean inputEnded;
    private boolean closeAfterWrite;
    private boolean closing;
    private long bytesReserved;
    private long bodyNanos;
    private long deadlineNanos;
    private long timerNanos;
    private boolean timerArmed;
    private long exchange;

    private final AsyncCallback<Admitted> admitted = createAsyncCallback(this::onAdmitted);
    private final AsyncCallback<Answered> answered = createAsyncCallback(this::onAnswered);
    private final AsyncCallback<Boolean> closeRequest = createAsyncCallback(this::onClose);

    /** Exactly one of admission and failure is there. */
    private record Admitted(
        long exchange, @Nullable Admission admission, @Nullable Throwable failure) {}

    /** Exactly one of response and failure is there. */
    private record Answered(
        long exchange, @Nullable Response response, @Nullable Throwable failure) {}

    Logic() {
      super(shape);
      setHandler(
          in,
          new AbstractInHandler() {
            @Override
            public void onPush() {
              received(grab(in));
            }

            @Override
            public void onUpstreamFinish() {
              inputEnded = true;
              if (phase == Phase.LINGERING) completeStage();
              else if (phase == Phase.READING) proceed();
            }

            @Override
            public void onUpstreamFailure(Throwable reset) {
              completeStage();
            }
          });
      setHandler(
          out,
          new AbstractOutHandler() {
            @Override
            public void onPull() {
              writable();
            }

            @Override
            public void onDownstreamFinish(Throwable reset) {
              completeStage();
            }
          });
    }

    @Override
    public void preStart() {
      server.opened(this);
      deadline(limits.headMillisMax());
      pull(in);
    }

    @Override
    public void postStop() {
      release();
      if (head != null) server.requestEnded();
      server.closed(this);
      ended.complete(Done.getInstance());
    }

    /**
     * Asks the connection to end as soon as the request in hand is answered. May come from
     * anywhere.
     */
    void close() {
      closeRequest.invoke(true);
    }

    /** Ends the connection whatever it is doing. May come from anywhere. */
    void abort() {
      closeRequest.invoke(false);
    }

    private void onClose(boolean orderly) {
      closing = true;
      if (!orderly || (phase == Phase.READING && !reader.isInside())) completeStage();
    }

    private void received(ByteString bytes) {
      if (phase == Phase.LINGERING) {
        pull(in);
        return;
      }
      if (!reader.isInside()) deadline(limits.headMillisMax());
      reader.feed(bytes.toArrayUnsafe());
      proceed();
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
          completeStage();
        }
      } else {
        if (reader.isInBody()) bodyDeadline();
        else if (!reader.isInside()) deadline(closing ? 0 : limits.idleMillisMax());
        if (!hasBeenPulled(in)) pull(in);
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
        whenDone(
            later.admission(),
            (result, failure) -> admitted.invoke(new Admitted(current, result, failure)));
      } else {
        admitted(admission);
      }
    }

    private void onAdmitted(Admitted result) {
      if (phase != Phase.ADMITTING || result.exchange() != exchange) return;
      admitted(
          result.admission() != null
              ? result.admission()
              : new Admission.Refuse(failed(result.failure())));
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
              write(ByteString.fromArrayUnsafe(ResponseWriter.CONTINUE));
            }
          }
        }
        case Admission.Refuse refuse when current.bodyBytes() == 0 -> {
          reader.skipRequest();
          respond(refuse.response());
        }
        case Admission.Refuse refuse ->
            respond(brokenFraming().orElse(refuse.response()).closing());
        case Admission.Later nested ->
            respond(failed(new IllegalStateException("admission twice deferred")));
      }
    }

    /** Framing comes before everything else: also before a refusal, as far as it has come. */
    private Optional<Response> brokenFraming() {
      if (current().bodyBytes() != RequestHead.CHUNKED || !reader.hasMore())
        return Optional.empty();
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
      whenDone(
          answer, (response, failure) -> answered.invoke(new Answered(current, response, failure)));
    }

    private void onAnswered(Answered result) {
      if (phase != Phase.ANSWERING || result.exchange() != exchange) return;
      respond(result.response() != null ? result.response() : failed(result.failure()));
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
      write(
          ByteString.fromArrayUnsafe(
              ResponseWriter.write(response, closeAfterWrite, bodiless, http10)));
    }

    private void write(ByteString bytes) {
      if (unwritten == null && isAvailable(out)) {
        push(out, bytes);
        if (phase == Phase.WRITING) written();
      } else {
        unwritten = unwritten == null ? bytes : unwritten.concat(bytes);
        if (phase == Phase.WRITING) deadline(limits.writeMillisMax());
      }
    }

    private void writable() {
      if (unwritten == null) return;
      push(out, unwritten);
      unwritten = null;
      if (phase == Phase.WRITING) {
        written();
        proceed();
      }
    }

    private void written() {
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
     * Closing with unread input would reset the connection and destroy the response (RFC 9112
     * §9.6).
     */
    private void linger() {
      phase = Phase.LINGERING;
      complete(out);
      if (inputEnded) {
        completeStage();
      } else {
        deadline(limits.lingerMillisMax());
        if (!hasBeenPulled(in)) pull(in);
      }
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
      if (!timerArmed || deadlineNanos - timerNanos < 0) arm();
    }

    private void arm() {
      timerNanos = deadlineNanos;
      timerArmed = true;
      long nanos = Math.max(deadlineNanos - System.nanoTime(), 0);
      scheduleOnce(TIMER, Duration.ofNanos(nanos));
    }

    /** The timer is only ever moved forward when it fires: a busy connection touches it rarely. */
    @Override
    public void onTimer(Object key) {
      timerArmed = false;
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
            completeStage();
          }
        }
        case ADMITTING, ANSWERING -> {
          LOG.warn("no answer within {} ms", limits.answerMillisMax());
          exchange++;
          var late = Rejection.of(ErrorCode.WORKER_POOL_EXHAUSTED).withRetryAfterSeconds(1);
          respond(ProblemResponse.of(late, requestId()).closing());
        }
        case WRITING, LINGERING -> completeStage();
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

  private static <T> void whenDone(
      CompletionStage<T> stage, BiConsumer<@Nullable T, @Nullable Throwable> then) {
    var unused = stage.whenComplete(then);
  }
}
