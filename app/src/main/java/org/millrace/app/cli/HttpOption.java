package org.millrace.app.cli;

import java.util.function.Consumer;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.service.Services;
import org.millrace.server.HttpService;
import picocli.CommandLine.Option;

/** {@code --no-http}, for commands that also serve HTTP. Mixed into a command; not thread safe. */
final class HttpOption {
    @Option(names = "--no-http", description = "Do not serve the dashboard and the HTTP interface.")
    private boolean off;

    /** Serves HTTP unless switched off, on the next free port if the configured one is taken, and prints the address. */
    void start(Services services, MillraceConfig config, KafkaSettings kafka, Consumer<String> say) {
        if (!off) {
            HttpService.checkHost(config.http()); // a user's mistake ends the command before anything starts
            services.supervise(
                    "http",
                    () -> HttpService.atPortOrNext(
                            config,
                            kafka,
                            address -> say.accept("dashboard and HTTP interface at " + address),
                            services::roles));
        }
    }
}
