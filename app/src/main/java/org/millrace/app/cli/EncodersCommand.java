package org.millrace.app.cli;

import java.io.PrintWriter;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.millrace.app.text.AccuracyText;
import org.millrace.contract.Count;
import org.millrace.contract.RunTopics;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.EncoderManifest;
import org.millrace.contract.event.EncoderRevocation;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.contract.registry.EncoderRevocations;
import org.millrace.contract.registry.PublishedEncoders;
import org.millrace.contract.registry.PublishedEvaluations;
import org.millrace.contract.registry.Standings;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The encoders that a run has published, and which of them may be used. */
@Command(
        name = "encoders",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        description = "List a run's encoders, and withdraw one that must not be used.",
        subcommands = {
            EncodersCommand.ListCommand.class,
            EncodersCommand.RevokeCommand.class,
            EncodersCommand.ReinstateCommand.class
        })
final class EncodersCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "encoders needs one of list, revoke, reinstate");
    }

    /** Common part of the commands about encoders. */
    private abstract static class OfRun implements Runnable {
        @Spec
        private CommandSpec spec;

        @Mixin
        private RunOption run;

        @Mixin
        private CommonOptions options;

        @Override
        public void run() {
            MillraceConfig config = options.config(Map.of(), run.assignments());
            PrintWriter out = spec.commandLine().getOut();
            try (Connection connection = options.connectToExisting(config)) {
                try (TopicSetup topics = new TopicSetup(connection.kafka())) {
                    topics.requireRun(config.run().topics());
                }
                run(connection.kafka(), config.run().topics(), out);
                out.flush();
            }
        }

        /** Which encoder is used from now on, in words. */
        static String newest(KafkaSettings kafka, RunTopics topics) {
            try {
                long version = PublishedEncoders.newestVersion(kafka, topics);
                return "the current encoder is " + version + (version == 0 ? ", the untrained one" : "");
            } catch (UserException e) {
                return String.valueOf(e.getMessage());
            }
        }

        abstract void run(KafkaSettings kafka, RunTopics topics, PrintWriter out);
    }

    /** Every version with its status. */
    @Command(
            name = "list",
            mixinStandardHelpOptions = true,
            description = {"List the encoders on the run's topic.", "Newest last: images trained, score, status."})
    static final class ListCommand extends OfRun {
        @Override
        void run(KafkaSettings kafka, RunTopics topics, PrintWriter out) {
            PublishedEvaluations evaluations = PublishedEvaluations.read(kafka, topics);
            Standings standings = evaluations.standings();
            Map<Long, Evaluation> scores = new HashMap<>();
            evaluations.all().forEach(score -> scores.putIfAbsent(score.version(), score));
            List<EncoderManifest> encoders = PublishedEncoders.all(kafka, topics);
            if (encoders.isEmpty()) {
                out.println("run " + topics.run() + " has no encoder on the topic " + topics.encoders());
                return;
            }
            long newest = standings
                    .newestOf(encoders.stream().map(EncoderManifest::version).toList())
                    .orElse(-1);
            out.println("version     images trained   published              status, linear probe (95 %)");
            for (EncoderManifest encoder : encoders) {
                out.println(String.format(
                        Locale.ROOT,
                        "%-10d  %,14d   %s   %s%s",
                        encoder.version(),
                        encoder.imagesTrained(),
                        second(encoder.publishedAtMillis()),
                        encoder.version() == newest ? "current" : status(encoder.version(), standings),
                        Optional.ofNullable(scores.get(encoder.version()))
                                .map(score -> ", on " + Count.of(score.testImages(), "held-out image") + " "
                                        + AccuracyText.linear(score))
                                .orElse("")));
            }
        }

        private static String status(long version, Standings standings) {
            @Nullable EncoderRevocation revocation = standings.revoked().get(version);
            if (revocation != null) {
                return "revoked " + second(revocation.revokedAtMillis()) + ": " + revocation.reason();
            }
            if (standings.isHeld(version)) {
                return "held by the churn budget";
            }
            return standings.isScored(version) ? "scored" : "not scored";
        }

        private static String second(long millis) {
            return Instant.ofEpochMilli(millis).truncatedTo(ChronoUnit.SECONDS).toString();
        }
    }

    /** Withdraws an encoder. */
    @Command(
            name = "revoke",
            mixinStandardHelpOptions = true,
            description = {
                "Withdraw an encoder that must not be used.",
                "From then on embed, /v1/embed, drift, evaluate and the dashboard do not use it; the newest encoder",
                "that is not revoked becomes the current one. Its weights stay on the topic."
            })
    static final class RevokeCommand extends OfRun {
        @Parameters(paramLabel = "VERSION", description = "The encoder's version.")
        private long version;

        @Option(
                names = "--reason",
                paramLabel = "TEXT",
                defaultValue = "",
                description = "Why; shown to everyone who asks for the encoder. Without it: no reason given.")
        private String reason = "";

        @Override
        void run(KafkaSettings kafka, RunTopics topics, PrintWriter out) {
            String why = EncoderRevocations.revoke(kafka, topics, version, reason, Clock.systemUTC())
                    .reason();
            out.println("encoder " + version + " of run " + topics.run() + " is revoked (" + why + "); "
                    + newest(kafka, topics));
        }
    }

    /** Undoes a revocation. */
    @Command(
            name = "reinstate",
            mixinStandardHelpOptions = true,
            description = "Undo a revocation: the encoder has its previous status again.")
    static final class ReinstateCommand extends OfRun {
        @Parameters(paramLabel = "VERSION", description = "The encoder's version.")
        private long version;

        @Option(names = "--reason", paramLabel = "TEXT", defaultValue = "", description = "Why; kept with the event.")
        private String reason = "";

        @Override
        void run(KafkaSettings kafka, RunTopics topics, PrintWriter out) {
            EncoderRevocations.reinstate(kafka, topics, version, reason, Clock.systemUTC());
            out.println("encoder " + version + " of run " + topics.run() + " is reinstated; " + newest(kafka, topics));
        }
    }
}
