package org.millrace.app.cli;

import java.util.function.Consumer;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.service.Services;
import org.millrace.server.HttpService;
import picocli.CommandLine.Option;

/** {@code --no-http}, for commands that serve HTTP beside what they do. Mixed into a command; not thread safe. */
final class HttpOption {
    @Option(names = "--no-http", description = "Leave out the dashboard and the HTTP interface.")
    private boolean off;

    /** Serves HTTP unless the user left it out, on the next free port where the configured one is taken, and says where. */
    void start(Services services, MillraceConfig config, KafkaSettings kafka, Consumer<String> say) {
        if (!off) {
            HttpService.checkHost(config.http()); // a mistake of the user ends the command before anything begins
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
