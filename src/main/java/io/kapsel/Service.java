package io.kapsel;

import com.typesafe.config.Config;
import java.io.PrintStream;
import java.util.concurrent.CompletableFuture;

/** The process that {@code kapsel serve} runs: starts, says where it is, and drains when told. */
final class Service {
  private static final int EXIT_FAILED = 1;

  private final Settings settings;
  private final Config foreign;
  private final PrintStream out;
  private final PrintStream err;

  Service(Settings settings, Config foreign, PrintStream out, PrintStream err) {
    this.settings = settings;
    this.foreign = foreign;
    this.out = out;
    this.err = err;
  }

  /** Returns the exit code once the service has stopped, unless it ends the process itself. */
  int run() {
    CompletableFuture<Void> toldToStop = new CompletableFuture<>();
    CompletableFuture<Boolean> stoppedAsTold = new CompletableFuture<>();
    Thread stop =
        new Thread(
            () -> {
              toldToStop.complete(null);
              // Whatever the exit code of a signal would be, a drained service has succeeded.
              if (stoppedAsTold.join()) Runtime.getRuntime().halt(0);
            },
            "kapsel-stop");
    Runtime.getRuntime().addShutdownHook(stop);
    try {
      return run(toldToStop);
    } finally {
      stoppedAsTold.complete(toldToStop.isDone());
    }
  }

  private int run(CompletableFuture<Void> toldToStop) {
    Kapsel kapsel;
    try {
      kapsel = Kapsel.start(settings, foreign, toldToStop::isDone);
    } catch (StartFailed failed) {
      err.println(failed.getMessage());
      return failed.exitCode();
    }
    greet(kapsel);
    CompletableFuture.anyOf(toldToStop, kapsel.whenTerminated().toCompletableFuture()).join();
    kapsel.close();
    if (toldToStop.isDone()) return 0;
    // The node was downed or could not join; an orchestrator starts it anew.
    err.println("The node has left the cluster.");
    return EXIT_FAILED;
  }

  private void greet(Kapsel kapsel) {
    String host = settings.http().host().equals("0.0.0.0") ? "localhost" : settings.http().host();
    out.println("Kapsel " + Version.number() + " listens on http://" + host + ":" + kapsel.port());
    Tenancy.FirstKeys keys = kapsel.firstKeys();
    keys.apiKey().ifPresent(key -> out.println("API key of the tenant default: " + key.value()));
    keys.operatorKey().ifPresent(key -> out.println("Operator key: " + key.value()));
    if (keys.apiKey().isPresent() || keys.operatorKey().isPresent())
      out.println("Keep them now: they are stored as hashes and never shown again.");
    kapsel.remarks().forEach(out::println);
    if (settings.delivery().allowPrivateDestinations())
      out.println(
          "WARNING: private destinations are allowed. Whoever may create an endpoint can reach"
              + " everything that this machine can reach. For development only.");
    out.flush();
  }
}
