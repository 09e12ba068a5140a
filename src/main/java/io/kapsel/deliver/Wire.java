package io.kapsel.deliver;

import akka.stream.Attributes;
import akka.stream.BidiShape;
import akka.stream.Inlet;
import akka.stream.Outlet;
import akka.stream.TLSProtocol.SessionBytes;
import akka.stream.TLSProtocol.SslTlsInbound;
import akka.stream.TLSProtocol.SslTlsOutbound;
import akka.stream.stage.AbstractInHandler;
import akka.stream.stage.AbstractOutHandler;
import akka.stream.stage.GraphStage;
import akka.stream.stage.GraphStageLogic;
import akka.util.ByteString;
import java.util.function.LongSupplier;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * Watches the plain bytes of a connection: whether the request is on its way, when something last
 * moved, and that the destination sends neither too much nor what nobody asked for.
 */
final class Wire
    extends GraphStage<BidiShape<SslTlsOutbound, SslTlsOutbound, SslTlsInbound, SslTlsInbound>> {
  /**
   * The parser is fed small pieces: it recurses once for each interim (1xx) response in one piece,
   * and a read of 128 KiB full of them overflows the stack, which ends the process.
   */
  private static final int PIECE_BYTES_MAX = 4_096;

  /** Chunk sizes and trailers on top of the body that is read. */
  private static final int FRAMING_BYTES_MAX = 64 * 1_024;

  /** Ends the stream without a stack trace: these are the destination's doing. */
  static final class Excess extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** What there was too much of. */
    enum Of {
      HEAD,
      BODY,
      UNSOLICITED
    }

    final Of what;

    Excess(Of what) {
      super("Too much: " + what, null, false, false);
      this.what = what;
    }
  }

  private final Inlet<SslTlsOutbound> requestIn = Inlet.create("Wire.requestIn");
  private final Outlet<SslTlsOutbound> requestOut = Outlet.create("Wire.requestOut");
  private final Inlet<SslTlsInbound> answerIn = Inlet.create("Wire.answerIn");
  private final Outlet<SslTlsInbound> answerOut = Outlet.create("Wire.answerOut");

  private final HttpConnection connection;
  private final LongSupplier nanoClock;
  private final int headBytesMax;
  private final long answerBytesMax;

  Wire(HttpConnection connection, HttpDestinationSettings settings, LongSupplier nanoClock) {
    this.connection = connection;
    this.nanoClock = nanoClock;
    this.headBytesMax = settings.responseHeadBytesMax();
    this.answerBytesMax =
        (long) settings.responseHeadBytesMax()
            + settings.responseBodyBytesMax()
            + FRAMING_BYTES_MAX;
  }

  @Override
  public BidiShape<SslTlsOutbound, SslTlsOutbound, SslTlsInbound, SslTlsInbound> shape() {
    return new BidiShape<>(requestIn, requestOut, answerIn, answerOut);
  }

  @Override
  public GraphStageLogic createLogic(Attributes inheritedAttributes) {
    return new Logic();
  }

  private final class Logic extends GraphStageLogic {
    private @Nullable SSLSession session;
    private ByteString rest = ByteString.emptyByteString();

    Logic() {
      super(shape());
      setHandler(
          requestIn,
          new AbstractInHandler() {
            @Override
            public void onPush() {
              connection.requestOnItsWay = true;
              connection.lastActivityNanos = nanoClock.getAsLong();
              push(requestOut, grab(requestIn));
            }

            @Override
            public void onUpstreamFinish() {
              complete(requestOut);
            }
          });
      setHandler(
          requestOut,
          new AbstractOutHandler() {
            @Override
            public void onPull() {
              pull(requestIn);
            }

            @Override
            public void onDownstreamFinish(Throwable cause) {
              cancel(requestIn, cause);
            }
          });
      setHandler(
          answerIn,
          new AbstractInHandler() {
            @Override
            public void onPush() {
              received(grab(answerIn));
            }

            @Override
            public void onUpstreamFinish() {
              if (rest.isEmpty()) {
                complete(answerOut);
              }
            }
          });
      setHandler(
          answerOut,
          new AbstractOutHandler() {
            @Override
            public void onPull() {
              if (!rest.isEmpty()) {
                pushPiece();
              } else {
                pull(answerIn);
              }
            }

            @Override
            public void onDownstreamFinish(Throwable cause) {
              cancel(answerIn, cause);
            }
          });
    }

    private void received(SslTlsInbound element) {
      if (!(element instanceof SessionBytes bytes)) {
        push(answerOut, element);
        return;
      }
      connection.lastActivityNanos = nanoClock.getAsLong();
      if (!connection.carrying) {
        failStage(new Excess(Excess.Of.UNSOLICITED));
        return;
      }
      session = bytes.session();
      rest = bytes.bytes();
      pushPiece();
    }

    private void pushPiece() {
      ByteString piece = rest;
      if (rest.size() > PIECE_BYTES_MAX) {
        piece = rest.take(PIECE_BYTES_MAX);
        rest = rest.drop(PIECE_BYTES_MAX);
      } else {
        rest = ByteString.emptyByteString();
      }
      connection.bytesReceived += piece.size();
      if (!connection.headSeen && connection.bytesReceived > headBytesMax + PIECE_BYTES_MAX) {
        failStage(new Excess(Excess.Of.HEAD));
      } else if (connection.bytesReceived > answerBytesMax) {
        failStage(new Excess(Excess.Of.BODY));
      } else {
        push(answerOut, new SessionBytes(session, piece));
        if (rest.isEmpty() && isClosed(answerIn)) {
          complete(answerOut);
        }
      }
    }
  }
}
