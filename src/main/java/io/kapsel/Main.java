package io.kapsel;

import io.kapsel.bench.BenchCommand;
import io.kapsel.cli.ListenCommand;
import io.kapsel.cli.SendCommand;
import io.kapsel.cli.Sink;
import io.kapsel.config.Configuration;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The process entry point. */
@Command(
    name = "kapsel",
    description = "Clustered webhook reliability service.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    synopsisSubcommandLabel = "COMMAND")
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    var out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    var err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    System.exit(run(args, System.getenv(), out, err));
  }

  /** Returns the exit code. */
  static int run(String[] args, Map<String, String> environment, PrintWriter out, PrintWriter err) {
    return new CommandLine(new Main())
        .addSubcommand(new ServeCommand(environment, Main::serve))
        .addSubcommand(new ConfigCommand(environment))
        .addSubcommand(new RotateKeysCommand(environment, new SecureRandom()))
        .addSubcommand(new ListenCommand())
        .addSubcommand(new SendCommand())
        .addSubcommand(new BenchCommand(Version.number(), System.err))
        .addSubcommand(new VersionCommand())
        .addSubcommand(new TrainCommand(Main::rehearseTools))
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setOut(out)
        .setErr(err)
        .execute(args);
  }

  /** Runs the service until it is told to stop; the exit code. */
  private static int serve(Configuration.Effective<Settings> configuration) {
    return new Service(configuration.settings(), configuration.foreign(), System.out, System.err)
        .run();
  }

  /** The short-lived commands, which nothing but their start makes slow. */
  private static void rehearseTools() {
    var nowhere = new PrintWriter(Writer.nullWriter());
    run(new String[] {"config"}, Map.of(), nowhere, nowhere);
    try (var sink =
        new Sink(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            Sink.Behaviour.KIND,
            InstantSource.system(),
            received -> {})) {
      String url = "http://localhost:" + sink.port() + "/";
      run(new String[] {"send", "--url", url, "--count", "3"}, Map.of(), nowhere, nowhere);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
