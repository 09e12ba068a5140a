package akka.remote.artery;

import akka.Done;
import akka.actor.Address;
import akka.actor.ExtendedActorSystem;
import akka.dispatch.Futures;
import akka.japi.Pair;
import akka.remote.RemoteActorRefProvider;
import akka.remote.artery.compress.NoInboundCompressions$;
import akka.stream.BoundedSourceQueue;
import akka.stream.QueueOfferResult;
import akka.stream.javadsl.Keep;
import akka.stream.javadsl.Source;
import akka.stream.scaladsl.Sink;
import akka.stream.scaladsl.Sink$;
import io.kapsel.simulation.network.Network;
import io.kapsel.simulation.network.Wire;
import io.kapsel.simulation.world.Node;
import io.kapsel.simulation.world.World;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import scala.Tuple2;
import scala.concurrent.Future;
import scala.runtime.BoxedUnit;

/**
 * The real Artery (handshake, redelivery of system messages, quarantine, encoding); only its TCP
 * pipe is replaced by the simulated network. Lives here because the methods it fills are private to
 * this package.
 */
public final class PipedArteryTransport extends ArteryTransport implements Wire {
  private static final int FRAMES_MAX = 100_000;
  private static final int CONTROL_STREAM = 1;
  private final Node node;
  private final Network network = World.inside().facility(Network.class);
  private BoundedSourceQueue<EnvelopeBuffer> control;
  private BoundedSourceQueue<EnvelopeBuffer> ordinary;

  public PipedArteryTransport(
      ExtendedActorSystem system, RemoteActorRefProvider provider, Node node) {
    super(system, provider);
    this.node = node;
  }

  @Override
  public void startTransport() {}

  @Override
  public Tuple2<Object, Object> bindInboundStreams() {
    int port = settings().Canonical().Port();
    return new Tuple2<>(port, port);
  }

  @Override
  public void runInboundStreams(int port, int bindPort) {
    Pair<
            BoundedSourceQueue<EnvelopeBuffer>,
            Tuple2<InboundControlJunction.ControlMessageSubject, Future<Done>>>
        controls =
            Source.<EnvelopeBuffer>queue(FRAMES_MAX)
                .viaMat(
                    inboundFlow(settings(), NoInboundCompressions$.MODULE$).asJava(), Keep.left())
                .toMat(inboundControlSink().asJava(), Keep.both())
                .run(materializer());
    control = controls.first();
    attachControlMessageObserver(controls.second()._1());
    Pair<Pair<BoundedSourceQueue<EnvelopeBuffer>, Decoder.InboundCompressionAccess>, Future<Done>>
        messages =
            Source.<EnvelopeBuffer>queue(FRAMES_MAX)
                .viaMat(inboundFlow(settings(), _inboundCompressions()).asJava(), Keep.both())
                .toMat(inboundSink(envelopeBufferPool()).asJava(), Keep.both())
                .run(materializer());
    ordinary = messages.first().first();
    setInboundCompressionAccess(messages.first().second());
    network.attach(node, this);
  }

  @Override
  public Sink<EnvelopeBuffer, Future<Done>> outboundTransportSink(
      OutboundContext context, int streamId, EnvelopeBufferPool pool) {
    Address to = context.remoteAddress();
    String host = to.host().get();
    return Sink$.MODULE$.foreach(
        envelope -> {
          byte[] frame = new byte[envelope.byteBuffer().limit()];
          envelope.byteBuffer().position(0);
          envelope.byteBuffer().get(frame);
          pool.release(envelope);
          network.send(node, host, streamId, frame);
          // The stage maps before it ignores, and a stream element must not be null.
          return BoxedUnit.UNIT;
        });
  }

  @Override
  public void receive(int stream, byte[] frame) {
    EnvelopeBuffer envelope =
        new EnvelopeBuffer(ByteBuffer.wrap(frame).order(ByteOrder.LITTLE_ENDIAN));
    envelope.setStreamId(stream);
    // A frame that finds the queue full is lost, as it would be with a broken connection.
    QueueOfferResult offered = (stream == CONTROL_STREAM ? control : ordinary).offer(envelope);
    if (!offered.isEnqueued()) World.inside().note("frame refused by " + node);
  }

  @Override
  public Future<Done> shutdownTransport() {
    if (control != null) {
      complete(control);
      complete(ordinary);
    }
    return Futures.successful(Done.getInstance());
  }

  /** Twice is once too often for the queue, and no error for us. */
  private static void complete(BoundedSourceQueue<EnvelopeBuffer> queue) {
    try {
      queue.complete();
    } catch (IllegalStateException completedBefore) {
      World.inside().note("queue completed before");
    }
  }
}
