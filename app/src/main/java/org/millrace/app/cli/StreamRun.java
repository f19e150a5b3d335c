package org.millrace.app.cli;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.Set;
import org.millrace.app.embed.StreamEmbedding;
import org.millrace.app.text.Progress;
import org.millrace.contract.Count;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.encoder.selftest.SelfTest;
import org.millrace.encoder.selftest.SelfTest.Use;
import org.millrace.encoder.tensor.Torch;
import org.millrace.evaluator.TorchEmbedders;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;

/** {@code embed --stream}: a worker until Ctrl-C, with its progress. */
final class StreamRun {
    private static final Logger LOG = LoggerFactory.getLogger(StreamRun.class);

    private final CommandLine command;
    private final CommonOptions options;
    private final RunOption run;

    StreamRun(CommandLine command, CommonOptions options, RunOption run) {
        this.command = command;
        this.options = options;
        this.run = run;
    }

    void run(MillraceConfig own, StreamEmbedding.Task task) {
        SelfTest.atStart(own, Use.EMBEDDING);
        try (StopSignal signal = StopSignal.install();
                Connection connection = options.connect(own)) {
            MillraceConfig config = options.ofRun(own, connection.kafka(), run, Set.of("images.topic"));
            try (TopicSetup topics = new TopicSetup(connection.kafka())) {
                topics.requireRun(config.run().topics());
                topics.ensureEmbeddings(config.run().topics(), config.images());
            }
            var embedders = new TorchEmbedders(Torch.start(config.run()), config.encoder(), config.images());
            try (Progress progress = Progress.start("embed --stream", command.getErr())) {
                Display display = new Display(config, task, command.getOut(), progress);
                try (var worker = new StreamEmbedding(config, connection.kafka(), task, embedders, display)) {
                    signal.onStop(worker::stop);
                    worker.run();
                }
                display.summarise();
            }
        }
    }

    /** A worker's news on standard output, its progress on standard error. */
    private static final class Display implements StreamEmbedding.Listener {
        private final MillraceConfig config;
        private final StreamEmbedding.Task task;
        private final PrintWriter out;
        private final Progress progress;
        private long embedded;
        private long again;
        private long leftOut;
        private long left;

        Display(MillraceConfig config, StreamEmbedding.Task task, PrintWriter out, Progress progress) {
            this.config = config;
            this.task = task;
            this.out = out;
            this.progress = progress;
        }

        @Override
        public void assigned(Set<Integer> partitions) {
            say("partitions of " + config.images().topic() + " of this worker: "
                    + (partitions.isEmpty() ? "none" : partitions.toString()));
        }

        @Override
        public void encoder(long version, long space) {
            say("images are embedded by encoder " + version
                    + (space == version ? "" : " in the space of encoder " + space) + " of run "
                    + config.run().name() + " to " + config.run().topics().embeddings() + " (policy " + task.policy()
                    + ")");
        }

        @Override
        public void leftOut(String position, String reason) {
            leftOut++;
            LOG.warn("image {} is not embedded: {}", position, reason);
        }

        @Override
        public void embedded(int images) {
            embedded += images;
            show();
        }

        @Override
        public void backfilled(int images, long remaining) {
            again += images;
            left = remaining;
            show();
            if (remaining == 0) {
                say("the backfill of this worker's partitions is complete");
            }
        }

        private void show() {
            progress.update(
                    embedded + again,
                    (leftOut == 0 ? "" : leftOut + " left out")
                            + (leftOut > 0 && left > 0 ? ", " : "")
                            + (left == 0 ? "" : String.format(Locale.ROOT, "backfill: %,d offsets left", left)));
        }

        void summarise() {
            say("embedded " + Count.of(embedded, "image")
                    + (again == 0 ? "" : ", and " + Count.of(again, "older image") + " again")
                    + (leftOut == 0 ? "" : "; left out " + Count.of(leftOut, "image") + " that cannot be decoded"));
        }

        private void say(String line) {
            out.println(line);
            out.flush();
        }
    }
}
