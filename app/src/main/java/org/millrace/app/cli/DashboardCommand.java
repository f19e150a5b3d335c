package org.millrace.app.cli;

import java.io.PrintWriter;
import java.util.Map;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.contract.service.Services;
import org.millrace.encoder.selftest.SelfTest;
import org.millrace.encoder.selftest.SelfTest.Use;
import org.millrace.server.HttpService;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Serves the dashboard and the HTTP interface of a run. */
@Command(
        name = "dashboard",
        mixinStandardHelpOptions = true,
        description = {
            "Serve the dashboard of a run and its HTTP interface.",
            "Images in, embeddings out, metrics; until Ctrl-C. It listens on http.host and http.port; beyond this machine only with http.token."
        })
final class DashboardCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Mixin
    private RunOption run;

    @Mixin
    private CommonOptions options;

    private static String begun(MillraceConfig config, Connection connection) {
        String steps = config.run().topics().steps();
        try (TopicSetup topics = new TopicSetup(connection.kafka())) {
            return topics.describe(steps).isPresent()
                    ? ""
                    : "; it has not begun: there is no topic " + steps
                            + " (--run NAME names another run, millrace runs list" + " lists them)";
        }
    }

    @Override
    public void run() {
        MillraceConfig own = options.config(Map.of(), run.assignments());
        SelfTest.atStart(own, Use.EMBEDDING);
        PrintWriter out = spec.commandLine().getOut();
        try (StopSignal signal = StopSignal.install();
                Connection connection = options.connect(own);
                Services services = new Services()) {
            MillraceConfig config = options.ofRun(own, connection.kafka(), run);
            connection.createImageTopics(config.images());
            services.start(
                    "http",
                    HttpService.atPort(
                            config,
                            connection.kafka(),
                            address -> {
                                out.println(
                                        "run " + config.run().name() + " at " + address + begun(config, connection));
                                out.flush();
                            },
                            services::roles));
            signal.await(services);
            services.stop();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
