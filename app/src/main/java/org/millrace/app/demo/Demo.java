package org.millrace.app.demo;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.millrace.app.run.Display;
import org.millrace.app.run.EvaluationBoard;
import org.millrace.app.run.EvaluatorService;
import org.millrace.app.run.PushService;
import org.millrace.app.run.RunStatistics;
import org.millrace.app.run.TrainerService;
import org.millrace.contract.Count;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.event.StreamSkipped;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.contract.service.Services;
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
    private static final int BATCHES_AHEAD = 16;
    private static final long POLL_MILLIS = 100;
    private static final Duration SCORES_PATIENCE = Duration.ofMinutes(5);

    private final MillraceConfig config;
    private final KafkaSettings kafka;
    private final Path home;
    private final Display display;
    private final RunStatistics statistics;
    private final Duration stopPatience;

    /**
     * @param home folder that holds {@code samples/}
     * @param stopPatience how long the end waits for a broker that does not answer
     */
    public Demo(
            MillraceConfig config,
            KafkaSettings kafka,
            Path home,
            Display display,
            RunStatistics statistics,
            Duration stopPatience) {
        this.config = config;
        this.kafka = kafka;
        this.home = home;
        this.display = display;
        this.statistics = statistics;
        this.stopPatience = stopPatience;
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
     * Runs the demonstration, says its summary and writes the report, also where it is stopped or fails.
     *
     * @param training how long to train
     * @param stop whether the user has asked to stop; then what was learnt so far is reported
     * @param reportFile where to write the report as JSON, or empty
     * @throws UserException where it failed, or ended by itself without the scores that it is to show
     */
    public void run(Duration training, BooleanSupplier stop, Optional<Path> reportFile) throws InterruptedException {
        String sample = sample();
        RunSettings.requireSame(config, kafka); // before any part touches the run
        Counts counts = new Counts(config.trainer().batchSize());
        EvaluationBoard board = new EvaluationBoard(display);
        AtomicReference<@Nullable PushService> stream = new AtomicReference<>();
        RuntimeException failure = null;
        try (Services services = new Services(display::say, config.run().data())) {
            learn(sample, training, stop, counts, board, services, stream);
            services.stop();
        } catch (RuntimeException e) {
            failure = e;
        }
        Optional<PushReport> pushed = Optional.ofNullable(stream.get()).flatMap(PushService::report);
        DemoReport report = report(counts, pushed, board);
        display.say(DemoSummary.of(report, statistics.losses()));
        reportFile.ifPresent(file -> {
            write(report, file);
            display.say("report written to " + file);
        });
        if (failure != null) {
            throw failure;
        }
        if (!stop.getAsBoolean()) {
            checkShown(report);
        }
    }

    private void learn(
            String sample,
            Duration training,
            BooleanSupplier stop,
            Counts counts,
            EvaluationBoard board,
            Services services,
            AtomicReference<@Nullable PushService> stream)
            throws InterruptedException {
        long logged;
        try (TopicSetup topics = new TopicSetup(kafka)) {
            topics.ensureImages(config.images());
            topics.ensureRun(config.run().topics());
            logged = imagesIn(topics.describe(config.images().topic()).orElseThrow());
        }
        pushProbe(sample, services, stop);
        if (stop.getAsBoolean()) {
            return;
        }
        services.supervise("evaluate", () -> new EvaluatorService(config, kafka, board));
        Lead lead = new Lead((long) BATCHES_AHEAD * config.trainer().batchSize(), logged);
        PushService push = pushStream(sample, counts, lead);
        stream.set(push);
        services.superviseOnce("push", push, "The demo goes on with the images that were pushed.");
        trainFor(training, stop, counts, lead);
        push.stop();
        awaitScores(board, counts.lastVersion.get(), services, stop);
    }

    private long imagesIn(TopicDescription topic) {
        List<TopicPartition> partitions = topic.partitions().stream()
                .map(partition -> new TopicPartition(topic.name(), partition.partition()))
                .toList();
        try (var consumer = new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of()))) {
            return consumer.endOffsets(partitions).values().stream()
                    .mapToLong(Long::longValue)
                    .sum();
        }
    }

    private void pushProbe(String sample, Services services, BooleanSupplier stop) throws InterruptedException {
        display.say("pushing " + Count.of(PROBE_IMAGES, "labelled image") + " to "
                + config.images().probeTopic());
        var request = PushRequest.of(List.of(sample), PushRequest.Target.PROBE)
                .withOrder(PushRequest.Order.SHUFFLED, SPLIT_SEED)
                .withLimit(PROBE_IMAGES);
        Thread probe = services.start(
                "probe", new PushService(request, kafka, config.images(), PushProgress.SILENT, report -> {}));
        while (probe.isAlive() && !stop.getAsBoolean()) {
            probe.join(POLL_MILLIS);
        }
        services.check();
    }

    private PushService pushStream(String sample, Counts counts, Lead lead) {
        display.say(String.format(
                java.util.Locale.ROOT,
                "streaming the other images to %s, again and again: at most %.0f images/s and %d batches ahead of the trainer",
                config.images().topic(),
                STREAM_RATE,
                BATCHES_AHEAD));
        var request = PushRequest.of(List.of(sample), PushRequest.Target.IMAGES)
                .withLabels(new Labels.None())
                .withOrder(PushRequest.Order.SHUFFLED, SPLIT_SEED)
                .withSkip(PROBE_IMAGES)
                .withRepeat(PASSES)
                .withRate(STREAM_RATE);
        PushProgress progress = new PushProgress() {
            @Override
            public void update(long pushed, long rejected, long bytes) {
                counts.pushed.set(pushed);
            }

            @Override
            public void awaitRoom() throws InterruptedException {
                lead.awaitRoom();
            }
        };
        return new PushService(request, kafka, config.images(), progress, report -> {});
    }

    private void trainFor(Duration training, BooleanSupplier stop, Counts counts, Lead lead)
            throws InterruptedException {
        long end = System.nanoTime() + training.toNanos();
        try (Services services = new Services()) {
            var trainer = new TrainerService(
                    config, kafka, new CountingEvents(display, counts, lead), TrainLimits.NONE, stopPatience);
            Thread thread = services.startVital("train", trainer);
            while (thread.isAlive() && System.nanoTime() < end && !stop.getAsBoolean()) {
                Thread.sleep(POLL_MILLIS);
            }
            services.stop();
        }
    }

    /** Waits for the scores of the untrained encoder and of the last one; without them where it takes too long. */
    private static void awaitScores(EvaluationBoard board, long version, Services services, BooleanSupplier stop)
            throws InterruptedException {
        long end = System.nanoTime() + SCORES_PATIENCE.toNanos();
        while (!stop.getAsBoolean()
                && (board.of(0).isEmpty() || board.of(version).isEmpty())
                && System.nanoTime() < end) {
            services.check();
            Thread.sleep(POLL_MILLIS);
        }
    }

    private DemoReport report(Counts counts, Optional<PushReport> push, EvaluationBoard board) {
        Optional<DemoReport.Scores> before = board.of(0).map(DemoReport.Scores::of);
        Optional<DemoReport.Scores> after =
                board.last().filter(evaluation -> evaluation.version() > 0).map(DemoReport.Scores::of);
        Optional<StepDone> done = counts.last;
        return new DemoReport(
                push.map(PushReport::pushed).orElse(counts.pushed.get()),
                done.map(step -> step.imagesTrained() - counts.trainedBefore).orElse(0L),
                push.map(PushReport::rejected).orElse(0L)
                        + done.map(StepDone::imagesRejected).orElse(0L),
                statistics.steps(),
                statistics.imagesPerSecond(),
                done.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(statistics.firstLoss()),
                done.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(statistics.lastLoss()),
                before,
                after,
                before.isPresent() && after.isPresent()
                        ? Optional.of(DemoReport.Margin.of(MARGIN_POINTS, before.get(), after.get()))
                        : Optional.empty(),
                done.map(StepDone::keysFilled).orElse(0L),
                config.moco().queueSize(),
                statistics.stageMillis());
    }

    private static void checkShown(DemoReport report) {
        if (report.steps() == 0) {
            throw new UserException("the demo ended before its first step; give it more time with --minutes");
        }
        if (report.margin().isEmpty()) {
            throw new UserException(
                    "the demo's encoders were not scored within " + SCORES_PATIENCE.toMinutes()
                            + " minutes; what was trained is in the checkpoint, from which the demo goes on when it is run again");
        }
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
    private record CountingEvents(Display display, Counts counts, Lead lead) implements TrainerEvents {
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
            lead.consumed(done.imagesTrained() + done.imagesRejected());
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
            lead.waiting(have, wanted);
            display.waiting(have, wanted);
        }

        @Override
        public void leftOver(int images) {
            display.leftOver(images);
        }
    }
}
