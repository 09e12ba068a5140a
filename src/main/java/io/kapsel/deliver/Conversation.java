package io.kapsel.deliver;

import akka.http.javadsl.model.HttpEntity;
import akka.http.javadsl.model.HttpHeader;
import akka.http.javadsl.model.HttpProtocols;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.stream.Attributes;
import akka.stream.FlowShape;
import akka.stream.Inlet;
import akka.stream.Outlet;
import akka.stream.javadsl.Sink;
import akka.stream.stage.AbstractInHandler;
import akka.stream.stage.AbstractOutHandler;
import akka.stream.stage.AsyncCallback;
import akka.stream.stage.GraphStage;
import akka.stream.stage.GraphStageLogic;
import akka.util.ByteString;
import java.util.Locale;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The near end of a connection: puts one request in, takes its answer out, and decides whether the
 * connection can carry another. Lives as long as the connection.
 */
final class Conversation extends GraphStage<FlowShape<HttpResponse, HttpRequest>> {
  private static final Pattern KEEP_ALIVE_TIMEOUT =
      Pattern.compile("(?:^|[,;\\s])timeout=([0-9]{1,6})", Pattern.CASE_INSENSITIVE);

  /** A kept connection is given up this much before its server would. */
  private static final long KEEP_ALIVE_MARGIN_MILLIS = 1_000;

  /** Ends the stream on purpose. */
  private static final class Ended extends RuntimeException {
    private static final long serialVersionUID = 1;

    Ended(String why) {
      super(why, null, false, false);
    }
  }

  private final Inlet<HttpResponse> answers = Inlet.create("Conversation.answers");
  private final Outlet<HttpRequest> requests = Outlet.create("Conversation.requests");
  private final HttpConnection connection;
  private final HttpDestinationSettings settings;
  private final LongSupplier nanoClock;
  private final ToLongFunction<HttpResponse> retryAfterMillis;

  Conversation(
      HttpConnection connection,
      HttpDestinationSettings settings,
      LongSupplier nanoClock,
      ToLongFunction<HttpResponse> retryAfterMillis) {
    this.connection = connection;
    this.settings = settings;
    this.nanoClock = nanoClock;
    this.retryAfterMillis = retryAfterMillis;
  }

  @Override
  public FlowShape<HttpResponse, HttpRequest> shape() {
    return new FlowShape<>(answers, requests);
  }

  @Override
  public GraphStageLogic createLogic(Attributes inheritedAttributes) {
    return new Logic();
  }

  private final class Logic extends GraphStageLogic {
    private final AsyncCallback<Object> commands = createAsyncCallback(this::onCommand);
    private @Nullable HttpRequest waiting;
    private @Nullable SubSinkInlet<ByteString> bodyIn;
    private long bodyBytes;
    private Throwable end = new Ended("The connection was closed");

    Logic() {
      super(Conversation.this.shape());
      setHandler(answers, new Answers());
      setHandler(requests, new Requests());
      connection.attach(commands);
    }

    @Override
    public void preStart() {
      // The body's end arrives after the connection's; nothing may stop this stage in between.
      setKeepGoing(true);
      pull(answers);
    }

    @Override
    public void postStop() {
      connection.ended(end);
    }

    private void onCommand(Object command) {
      if (command instanceof Passage passage) {
        connection.current = passage;
        bodyBytes = 0;
        if (isAvailable(requests)) {
          push(requests, passage.request);
        } else {
          waiting = passage.request;
        }
      } else {
        fail(new Ended("The connection was aborted"));
      }
    }

    private void fail(Throwable cause) {
      end = cause;
      failStage(cause);
    }

    private void onAnswer(HttpResponse response) {
      Passage passage = connection.current;
      if (passage == null || passage.bytesReceived == 0) {
        // Bytes behind the previous answer: whatever they say, they do not answer this request.
        fail(new Wire.Excess(Wire.Excess.Of.UNSOLICITED));
        return;
      }
      passage.headSeen = true;
      passage.retryAfterMillis = retryAfterMillis.applyAsLong(response);
      passage.status = response.status().intValue();
      if (response.entity() instanceof HttpEntity.Strict strict) {
        keep(passage, strict.getData());
        conclude(passage, response, true);
      } else {
        read(passage, response);
      }
    }

    private void read(Passage passage, HttpResponse response) {
      SubSinkInlet<ByteString> body = new SubSinkInlet<>("Conversation.body");
      bodyIn = body;
      boolean ended = !(response.entity() instanceof HttpEntity.CloseDelimited);
      body.setHandler(
          new AbstractInHandler() {
            @Override
            public void onPush() {
              keep(passage, body.grab());
              if (bodyBytes > settings.responseBodyBytesMax()) {
                conclude(passage, response, false);
              } else {
                body.pull();
              }
            }

            @Override
            public void onUpstreamFinish() {
              conclude(passage, response, ended);
            }

            @Override
            public void onUpstreamFailure(Throwable cause) {
              if (cause instanceof Wire.Excess) {
                conclude(passage, response, false);
              } else {
                fail(cause);
              }
            }
          });
      body.pull();
      response
          .entity()
          .getDataBytes()
          .runWith(Sink.fromGraph(body.sink()), subFusingMaterializer());
    }

    private void keep(Passage passage, ByteString bytes) {
      bodyBytes += bytes.size();
      int wanted = passage.exchange.excerptBytesMax() - passage.excerpt.size();
      if (wanted > 0 && bytes.nonEmpty()) {
        passage.excerpt = passage.excerpt.concat(bytes.take(wanted).compact());
      }
    }

    private void conclude(Passage passage, HttpResponse response, boolean bodyEnded) {
      bodyIn = null;
      connection.current = null;
      long keepMillis = keepAliveMillis(response);
      boolean reusable = bodyEnded && keepMillis > 0 && !isClosed(answers) && !isClosed(requests);
      if (reusable) {
        connection.reusableUntilNanos = nanoClock.getAsLong() + keepMillis * 1_000_000;
        pull(answers);
        connection.answered(passage, true);
      } else {
        connection.answered(passage, false);
        if (bodyEnded) {
          completeStage();
        } else {
          fail(new Ended("The answer was longer than anybody reads"));
        }
      }
    }

    /** How long the connection may wait for another request, 0 when it cannot carry one. */
    private long keepAliveMillis(HttpResponse response) {
      boolean http10 = HttpProtocols.HTTP_1_0.equals(response.protocol());
      boolean kept = !http10;
      long millis = settings.keepAliveMillis();
      for (HttpHeader header : response.getHeaders()) {
        if (header.is("connection")) {
          String value = header.value().toLowerCase(Locale.ROOT);
          kept = value.contains("close") ? false : kept || value.contains("keep-alive");
        } else if (header.is("keep-alive")) {
          Matcher timeout = KEEP_ALIVE_TIMEOUT.matcher(header.value());
          if (timeout.find()) {
            millis =
                Math.min(
                    millis, Long.parseLong(timeout.group(1)) * 1_000 - KEEP_ALIVE_MARGIN_MILLIS);
          }
        }
      }
      return kept ? Math.max(0, millis) : 0;
    }

    private final class Answers extends AbstractInHandler {
      @Override
      public void onPush() {
        onAnswer(grab(answers));
      }

      @Override
      public void onUpstreamFinish() {
        if (bodyIn == null) {
          completeStage();
        }
      }

      @Override
      public void onUpstreamFailure(Throwable cause) {
        // The body fails in the same way, but after what it had already received.
        if (bodyIn == null) {
          fail(cause);
        }
      }
    }

    private final class Requests extends AbstractOutHandler {
      @Override
      public void onPull() {
        HttpRequest request = waiting;
        if (request != null) {
          waiting = null;
          push(requests, request);
        }
      }

      @Override
      public void onDownstreamFinish(Throwable cause) {
        // The answers' side says why; while an exchange is carried, its deadline is the safeguard.
        if (connection.current == null) {
          end = cause;
          completeStage();
        }
      }
    }
  }
}
