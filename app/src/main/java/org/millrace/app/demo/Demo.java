package org.millrace.app.demo;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.millrace.app.run.EvaluationBoard;
import org.millrace.app.run.EvaluatorService;
import org.millrace.app.run.PushService;
import org.millrace.app.run.RunStatistics;
import org.millrace.app.run.Services;
import org.millrace.app.run.TrainerService;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.event.StreamSkipped;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.ingest.Labels;
import org.millrace.ingest.PushProgress;
import org.millrace.ingest.PushReport;
import org.millrace.ingest.PushRequest;
import org.millrace.trainer.RunSettings;
import org.millrace.trainer.TrainLimits;
import org.millrace.trainer.TrainerEvents;

/**
 * The main job in one process, for a newcomer: Fashion-MNIST's test images, of which the first are the labelled probe and the rest, again
 * and again, the unlabelled stream; the two never overlap. push → train ∥ evaluate → report.
 */
public final class Demo {
    /** Points of accuracy, linear and kNN both, by which the last encoder must beat the untrained one. */
    public static final double MARGIN_POINTS = 2;

    private static final String IMAGES = "samples/fashion-mnist/t10k-images-idx3-ubyte.gz";
    private static final int PROBE_IMAGES = 2_000;
    /** Of the order in which the sample is cut into probe and stream; not the run's seed, so that the cut is always the same. */
    private static final long SPLIT_SEED = 1;

    private static final int PASSES = 10_000;
    private static final double STREAM_RATE = 600;
    private static final long POLL_MILLIS = 100;
    private static final long LAST_EVALUATION_MILLIS = Duration.ofMinutes(2).toMillis();

    private final MillraceConfig config;
    private final KafkaSettings kafka;
    private final Path home;
    private final Display display;
    private final RunStatistics statistics;

    /** What the demo tells while it runs. */
    public interface Display extends TrainerEvents {
        void say(String line);

        void evaluated(Evaluation evaluation);
    }

    /** @param home folder that holds {@code samples/} */
    public Demo(MillraceConfig config, KafkaSettings kafka, Path home, Display display, RunStatistics statistics) {
        this.config = config;
        this.kafka = kafka;
        this.home = home;
        this.display = display;
        this.statistics = statistics;
    }

    /** Keys of the configuration that the demo sets, under what the user says. */
    public static Map<String, String> defaults() {
        Map<String, String> defaults = new LinkedHashMap<>();
        defaults.put("run.name", "demo");
        // its images never come among the user's own
        defaults.put("images.topic", "demo.images");
        defaults.put("images.rejected-topic", "demo.images.rejected");
        defaults.put("images.probe-topic", "demo.probe");
        defaults.put("encoder.height", "28");
        defaults.put("encoder.width", "28");
        defaults.put("encoder.channels", "1");
        defaults.put("encoder.mean", "0.286");
        defaults.put("encoder.standard-deviation", "0.353");
        defaults.put("optimiser.warmup-steps", "50");
        defaults.put("trainer.checkpoint-every-steps", "100");
        defaults.put("trainer.publish-every-steps", "200");
        defaults.put("evaluator.neighbours", "20");
        defaults.put("evaluator.neighbour-temperature", "0.07");
        return defaults;
    }

    /**
     * Runs the demonstration and returns its summary for a reader.
     *
     * @param training how long to train
     * @param stop whether the user has asked to stop; then what was learnt so far is reported
     * @param reportFile where to write the report as JSON, or empty
     */
    public String run(Duration training, BooleanSupplier stop, Optional<Path> reportFile) throws InterruptedException {
        String sample = sample();
        RunSettings.requireSame(config, kafka); // before any part touches the run
        try (TopicSetup topics = new TopicSetup(kafka)) {
            topics.ensureImages(config.images());
            topics.ensureRun(config.run().topics());
        }
        Counts counts = new Counts(config.trainer().batchSize());
        EvaluationBoard board = new EvaluationBoard(display::evaluated);
        try (Services services = new Services(display::say, config.run().data())) {
            pushProbe(sample, services);
            services.supervise("evaluate", () -> new EvaluatorService(config, kafka, board));
            PushService stream = pushStream(sample, counts);
            services.superviseOnce("push", stream, "The demo goes on with the images that were pushed.");
            trainFor(training, stop, counts);
            stream.stop();
            Evaluation untrained = await(board, 0, services, stop);
            Evaluation last = await(board, counts.lastVersion.get(), services, stop);
            services.stop();
            DemoReport report = report(counts, stream.report(), untrained, last);
            reportFile.ifPresent(file -> write(report, file));
            return DemoSummary.of(report, statistics.losses());
        }
    }

    private void pushProbe(String sample, Services services) throws InterruptedException {
        display.say("pushing " + PROBE_IMAGES + " labelled images to "
                + config.images().probeTopic());
        var request = PushRequest.of(List.of(sample), PushRequest.Target.PROBE)
                .withOrder(PushRequest.Order.SHUFFLED, SPLIT_SEED)
                .withLimit(PROBE_IMAGES);
        services.start("probe", new PushService(request, kafka, config.images(), PushProgress.SILENT, report -> {}))
                .join();
        services.check();
    }

    private PushService pushStream(String sample, Counts counts) {
        display.say(String.format(
                java.util.Locale.ROOT,
                "streaming the other images to %s at %.0f images/s, again and again",
                config.images().topic(),
                STREAM_RATE));
        var request = PushRequest.of(List.of(sample), PushRequest.Target.IMAGES)
                .withLabels(new Labels.None())
                .withOrder(PushRequest.Order.SHUFFLED, SPLIT_SEED)
                .withSkip(PROBE_IMAGES)
                .withRepeat(PASSES)
                .withRate(STREAM_RATE);
        return new PushService(
                request, kafka, config.images(), (pushed, rejected, bytes) -> counts.pushed.set(pushed), report -> {});
    }

    private void trainFor(Duration training, BooleanSupplier stop, Counts counts) throws InterruptedException {
        long end = System.nanoTime() + training.toNanos();
        try (Services services = new Services()) {
            var trainer = new TrainerService(config, kafka, new CountingEvents(display, counts), TrainLimits.NONE);
            Thread thread = services.startVital("train", trainer);
            while (thread.isAlive() && System.nanoTime() < end && !stop.getAsBoolean()) {
                Thread.sleep(POLL_MILLIS);
            }
            services.stop();
        }
    }

    private static Evaluation await(EvaluationBoard board, long version, Services services, BooleanSupplier stop)
            throws InterruptedException {
        long end = System.currentTimeMillis() + LAST_EVALUATION_MILLIS;
        while (board.of(version).isEmpty()) {
            services.check();
            if (System.currentTimeMillis() > end || stop.getAsBoolean()) {
                throw new UserException("encoder " + version
                        + " was not evaluated in time; what was trained is in the checkpoint, from which the demo goes on"
                        + " when it is run again");
            }
            Thread.sleep(POLL_MILLIS);
        }
        return board.of(version).orElseThrow();
    }

    private DemoReport report(Counts counts, Optional<PushReport> push, Evaluation untrained, Evaluation last) {
        var before = DemoReport.Scores.of(untrained);
        var after = DemoReport.Scores.of(last);
        StepDone done = counts.last.orElseThrow(
                () -> new UserException("the demo ended before its first step; give it more time with --minutes"));
        return new DemoReport(
                push.map(PushReport::pushed).orElse(counts.pushed.get()),
                done.imagesTrained() - counts.trainedBefore,
                push.map(PushReport::rejected).orElse(0L) + done.imagesRejected(),
                statistics.steps(),
                statistics.imagesPerSecond(),
                statistics.firstLoss(),
                statistics.lastLoss(),
                before,
                after,
                DemoReport.Margin.of(MARGIN_POINTS, before, after),
                done.keysFilled(),
                config.moco().queueSize(),
                statistics.stageMillis());
    }

    private String sample() {
        Path sample = home.resolve(IMAGES);
        if (!Files.isRegularFile(sample)) {
            throw new UserException("the demo's images are not there: " + sample
                    + ". Run ./millrace from a checkout, or set the system property millrace.home to one.");
        }
        return sample.toString();
    }

    private static void write(DemoReport report, Path file) {
        try {
            Files.writeString(file, org.millrace.contract.event.Json.writePretty(report) + "\n");
        } catch (java.io.IOException e) {
            throw new UserException("cannot write the report to " + file + ": " + e.getMessage(), e);
        }
    }

    /** What is counted beside the statistics of the steps. */
    private static final class Counts {
        private final AtomicLong pushed = new AtomicLong();
        private final AtomicLong lastVersion = new AtomicLong();
        private volatile Optional<StepDone> last = Optional.empty();
        private volatile long trainedBefore = -1;
        private final int batchSize;

        Counts(int batchSize) {
            this.batchSize = batchSize;
        }
    }

    /** Hands everything on and counts on the way. */
    private record CountingEvents(Display display, Counts counts) implements TrainerEvents {
        @Override
        public void starting(long step, int stepsToRepeat) {
            counts.lastVersion.set(step);
            display.starting(step, stepsToRepeat);
        }

        @Override
        public void stepped(StepDone done) {
            if (counts.trainedBefore < 0) {
                counts.trainedBefore = done.imagesTrained() - counts.batchSize;
            }
            counts.last = Optional.of(done);
            display.stepped(done);
        }

        @Override
        public void checkpointed(long step) {
            display.checkpointed(step);
        }

        @Override
        public void published(long version) {
            counts.lastVersion.set(version);
            display.published(version);
        }

        @Override
        public void collapsed(long step) {
            display.collapsed(step);
        }

        @Override
        public void skipped(StreamSkipped skip) {
            display.skipped(skip);
        }

        @Override
        public void brokerSilent() {
            display.brokerSilent();
        }

        @Override
        public void brokerBack(Duration silence) {
            display.brokerBack(silence);
        }

        @Override
        public void waiting(int have, int wanted) {
            display.waiting(have, wanted);
        }

        @Override
        public void leftOver(int images) {
            display.leftOver(images);
        }
    }
}
