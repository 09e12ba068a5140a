package io.kapsel.deliver;

import akka.NotUsed;
import akka.actor.ClassicActorSystemProvider;
import akka.event.NoLogging;
import akka.http.javadsl.Http;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.headers.Host;
import akka.http.javadsl.settings.ClientConnectionSettings;
import akka.stream.Attributes;
import akka.stream.Materializer;
import akka.stream.SystemMaterializer;
import akka.stream.TLSClosing;
import akka.stream.TLSProtocol.SslTlsInbound;
import akka.stream.TLSProtocol.SslTlsOutbound;
import akka.stream.javadsl.BidiFlow;
import akka.stream.javadsl.Flow;
import akka.stream.javadsl.TLS;
import akka.stream.javadsl.TLSPlacebo;
import akka.stream.javadsl.Tcp;
import akka.util.ByteString;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;

/** Opens connections: to the checked address, while TLS and Host keep speaking of the name. */
final class Dialer {
  private final HttpDestinationSettings settings;
  private final LongSupplier nanoClock;
  private final ToLongFunction<HttpResponse> retryAfterMillis;
  private final Materializer materializer;
  private final Tcp tcp;

  /** One blueprint for all destinations: building it primes a header parser, which is slow. */
  private final BidiFlow<HttpRequest, SslTlsOutbound, SslTlsInbound, HttpResponse, NotUsed> http;

  Dialer(
      ClassicActorSystemProvider system,
      HttpDestinationSettings settings,
      LongSupplier nanoClock,
      ToLongFunction<HttpResponse> retryAfterMillis) {
    this.settings = settings;
    this.nanoClock = nanoClock;
    this.retryAfterMillis = retryAfterMillis;
    this.materializer = SystemMaterializer.get(system).materializer();
    this.tcp = Tcp.get(system);
    this.http =
        Http.get(system)
            .clientLayer(
                Host.create("unused.invalid"),
                clientSettings(system.classicSystem().settings().config()),
                NoLogging.getInstance());
  }

  /** Connects with the exchange's request as the first to be carried. */
  void open(ConnectionKey key, InetAddress address, Exchange exchange, ConnectionPool pool) {
    HttpConnection connection = new HttpConnection(key, address, pool, nanoClock.getAsLong());
    Passage passage = exchange.passage(connection, false);
    connection.occupy(passage);
    BidiFlow<HttpRequest, ByteString, ByteString, HttpResponse, NotUsed> protocol =
        http.atop(BidiFlow.fromGraph(new Wire(connection, settings, nanoClock)))
            .atop(key.secure() ? encryption(connection) : plain());
    Conversation conversation = new Conversation(connection, settings, nanoClock, retryAfterMillis);
    transport(connection)
        .join(protocol.reversed())
        .join(Flow.fromGraph(conversation))
        // What a destination does wrong is an outcome, not an error of this node.
        .addAttributes(
            Attributes.createLogLevels(
                Attributes.logLevelOff(), Attributes.logLevelOff(), Attributes.logLevelOff()))
        .run(materializer);
    connection.send(passage);
  }

  private Flow<ByteString, ByteString, NotUsed> transport(HttpConnection connection) {
    return tcp.outgoingConnection(
            new InetSocketAddress(connection.address, connection.key.port()),
            Optional.empty(),
            List.of(),
            true,
            Optional.of(Duration.ofMillis(settings.connectTimeoutMillis())),
            Optional.empty())
        .mapMaterializedValue(
            connected -> {
              connection.connecting(connected);
              return NotUsed.getInstance();
            });
  }

  private BidiFlow<SslTlsOutbound, ByteString, ByteString, SslTlsInbound, NotUsed> encryption(
      HttpConnection connection) {
    return TLS.create(
        () -> engine(connection.key),
        session -> connection.secured = true,
        TLSClosing.eagerClose());
  }

  /** The placebo says more precisely than TLS what it gives, and Java has no covariance. */
  @SuppressWarnings("unchecked")
  private static BidiFlow<SslTlsOutbound, ByteString, ByteString, SslTlsInbound, NotUsed> plain() {
    return (BidiFlow<SslTlsOutbound, ByteString, ByteString, SslTlsInbound, NotUsed>)
        (BidiFlow<?, ?, ?, ?, ?>) TLSPlacebo.getInstance();
  }

  private SSLEngine engine(ConnectionKey key) {
    SSLEngine engine = key.identity().context().createSSLEngine(key.host(), key.port());
    engine.setUseClientMode(true);
    SSLParameters parameters = engine.getSSLParameters();
    parameters.setProtocols(new String[] {"TLSv1.3", "TLSv1.2"});
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    if (IpLiteral.parse(key.host()).isEmpty()) {
      sniName(key.host()).ifPresent(name -> parameters.setServerNames(List.of(name)));
    }
    engine.setSSLParameters(parameters);
    return engine;
  }

  /** The JDK leaves names with a single label out by itself, and cannot send all that resolve. */
  private static Optional<SNIHostName> sniName(String host) {
    try {
      return Optional.of(new SNIHostName(host));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private ClientConnectionSettings clientSettings(Config config) {
    // Limits on single parts are wide, since Wire limits the head as a whole.
    Config overrides =
        ConfigFactory.parseString(
            """
            akka.http.client {
              user-agent-header = ""
              request-header-size-hint = 1024
              parsing {
                max-header-count = 1000
                max-header-name-length = 256
                max-header-value-length = %d
                max-response-reason-length = 1024
                max-chunk-ext-length = 1024
                max-chunk-size = 268435456
                max-content-length = infinite
                modeled-header-parsing = off
                header-cache.default = 0
                illegal-header-warnings = off
                illegal-response-header-name-processing-mode = error
                illegal-response-header-value-processing-mode = ignore
                conflicting-content-type-header-processing-mode = first
              }
            }
            """
                .formatted(settings.responseHeadBytesMax()));
    return ClientConnectionSettings.create(overrides.withFallback(config));
  }
}
