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
import java.util.ArrayDeque;
import java.util.function.LongSupplier;

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
  private static final int PIECE_BYTES_MAX = 2_048;

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
    private final ArrayDeque<SslTlsInbound> pieces = new ArrayDeque<>();

    Logic() {
      super(shape());
      setHandler(requestIn, new Sent());
      setHandler(requestOut, new SentFurther());
      setHandler(answerIn, new Received());
      setHandler(answerOut, new ReceivedFurther());
    }

    /** Reads ahead, so that what comes on a vacant connection is noticed as it comes. */
    @Override
    public void preStart() {
      pull(answerIn);
    }

    private void passOn() {
      if (!pieces.isEmpty() && isAvailable(answerOut) && isWithinLimits(pieces.getFirst())) {
        push(answerOut, pieces.removeFirst());
      }
      if (!pieces.isEmpty()) {
        return;
      }
      if (isClosed(answerIn)) {
        complete(answerOut);
      } else if (!hasBeenPulled(answerIn)) {
        pull(answerIn);
      }
    }

    private boolean isWithinLimits(SslTlsInbound element) {
      Passage passage = connection.current;
      if (passage == null || !(element instanceof SessionBytes bytes)) {
        return true;
      }
      passage.bytesReceived += bytes.bytes().size();
      if (!passage.headSeen && passage.bytesReceived > headBytesMax + PIECE_BYTES_MAX) {
        failStage(new Excess(Excess.Of.HEAD));
        return false;
      }
      if (passage.bytesReceived > answerBytesMax) {
        failStage(new Excess(Excess.Of.BODY));
        return false;
      }
      return true;
    }

    private final class Sent extends AbstractInHandler {
      @Override
      public void onPush() {
        Passage passage = connection.current;
        if (passage != null) {
          passage.requestOnItsWay = true;
          passage.lastActivityNanos = nanoClock.getAsLong();
        }
        push(requestOut, grab(requestIn));
      }

      @Override
      public void onUpstreamFinish() {
        complete(requestOut);
      }
    }

    private final class SentFurther extends AbstractOutHandler {
      @Override
      public void onPull() {
        pull(requestIn);
      }

      @Override
      public void onDownstreamFinish(Throwable cause) {
        cancel(requestIn, cause);
      }
    }

    private final class Received extends AbstractInHandler {
      @Override
      public void onPush() {
        SslTlsInbound element = grab(answerIn);
        Passage passage = connection.current;
        if (!(element instanceof SessionBytes bytes)) {
          pieces.addLast(element);
        } else if (passage == null || !passage.requestOnItsWay) {
          failStage(new Excess(Excess.Of.UNSOLICITED));
          return;
        } else {
          passage.lastActivityNanos = nanoClock.getAsLong();
          cut(bytes);
        }
        passOn();
      }

      private void cut(SessionBytes bytes) {
        ByteString rest = bytes.bytes();
        while (rest.size() > PIECE_BYTES_MAX) {
          pieces.addLast(new SessionBytes(bytes.session(), rest.take(PIECE_BYTES_MAX)));
          rest = rest.drop(PIECE_BYTES_MAX);
        }
        pieces.addLast(new SessionBytes(bytes.session(), rest));
      }

      @Override
      public void onUpstreamFinish() {
        Passage passage = connection.current;
        if (passage != null) {
          passage.endedByPeer = true;
        }
        passOn();
      }
    }

    private final class ReceivedFurther extends AbstractOutHandler {
      @Override
      public void onPull() {
        passOn();
      }

      @Override
      public void onDownstreamFinish(Throwable cause) {
        cancel(answerIn, cause);
      }
    }
  }
}
