package org.millrace.app.demo;

import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
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
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.contract.service.Services;
import org.millrace.ingest.push.PushProgress;
import org.millrace.ingest.push.PushReport;
import org.millrace.trainer.TrainLimits;
import org.millrace.trainer.run.RunSettings;

/**
 * The whole pipeline in one process, for a newcomer, on Fashion-MNIST's test images: the first are the labelled probe, the rest, repeated,
 * the unlabelled stream; the two never overlap. push → train ∥ evaluate → report.
 */
public final class Demo {
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
     * @param stopPatience how long stopping waits for a broker that does not answer
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

    /** The demo's defaults of the configuration, which the user may override. */
    public static Map<String, String> defaults() {
        Map<String, String> defaults = new LinkedHashMap<>();
        defaults.put("run.name", "demo");
        // keeps its images apart from the user's own
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
     * Runs the demo, prints its summary and writes the report, also if it is stopped or fails.
     *
     * @param training how long to train at most
     * @param limits where to stop before
     * @param stop whether the user has asked to stop; the report then covers the training so far
     * @param reportFile where to write the report as JSON, or empty
     * @throws UserException if it failed, or ended by itself without scores
     */
    public void run(Duration training, TrainLimits limits, BooleanSupplier stop, Optional<Path> reportFile)
            throws InterruptedException {
        DemoImages images = DemoImages.under(home);
        RunSettings.requireSame(config, kafka); // before any part changes the run
        DemoCounts counts = new DemoCounts(config.trainer().batchSize());
        EvaluationBoard board = new EvaluationBoard(display);
        AtomicReference<@Nullable PushService> stream = new AtomicReference<>();
        RuntimeException failure = null;
        try (Services services = new Services(display::say, config.run().data())) {
            learn(images, training, limits, stop, counts, board, services, stream);
            services.stop();
        } catch (RuntimeException e) {
            failure = e;
        }
        Optional<PushReport> pushed = Optional.ofNullable(stream.get()).flatMap(PushService::report);
        DemoReport report =
                DemoReport.of(counts, pushed, board, statistics, config.moco().queueSize());
        display.say(DemoSummary.of(report, statistics.losses()));
        reportFile.ifPresent(file -> {
            report.write(file);
            display.say("report written to " + file);
        });
        if (failure != null) {
            throw failure;
        }
        if (!stop.getAsBoolean()) {
            checkShown(report, limits);
        }
    }

    private void learn(
            DemoImages images,
            Duration training,
            TrainLimits limits,
            BooleanSupplier stop,
            DemoCounts counts,
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
        pushProbe(images, services, stop);
        if (stop.getAsBoolean()) {
            return;
        }
        services.supervise("evaluate", () -> new EvaluatorService(config, kafka, board));
        Lead lead = new Lead((long) BATCHES_AHEAD * config.trainer().batchSize(), logged);
        PushService push = pushStream(images, counts, lead);
        stream.set(push);
        services.superviseOnce("push", push, "The demo continues with the images pushed so far.");
        trainFor(training, limits, stop, counts, lead);
        push.stop();
        awaitScores(board, counts.lastVersion(), services, stop);
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

    private void pushProbe(DemoImages images, Services services, BooleanSupplier stop) throws InterruptedException {
        display.say("pushing " + Count.of(DemoImages.PROBE_IMAGES, "labelled image") + " to "
                + config.images().probeTopic());
        Thread probe = services.start(
                "probe", new PushService(images.probe(), kafka, config.images(), PushProgress.SILENT, report -> {}));
        while (probe.isAlive() && !stop.getAsBoolean()) {
            probe.join(POLL_MILLIS);
        }
        services.check();
    }

    private PushService pushStream(DemoImages images, DemoCounts counts, Lead lead) {
        display.say(String.format(
                Locale.ROOT,
                "streaming the other images to %s, repeatedly: at most %.0f images/s and %d batches ahead of the trainer",
                config.images().topic(),
                DemoImages.STREAM_RATE,
                BATCHES_AHEAD));
        return new PushService(images.stream(), kafka, config.images(), counts.ofPush(lead), report -> {});
    }

    private void trainFor(Duration training, TrainLimits limits, BooleanSupplier stop, DemoCounts counts, Lead lead)
            throws InterruptedException {
        long begin = System.nanoTime();
        try (Services services = new Services()) {
            var trainer = new TrainerService(config, kafka, counts.ofTrainer(display, lead), limits, stopPatience);
            boolean endless = limits.lastStep().isEmpty();
            Thread thread = endless ? services.startVital("train", trainer) : services.start("train", trainer);
            while (thread.isAlive() && System.nanoTime() - begin < training.toNanos() && !stop.getAsBoolean()) {
                Thread.sleep(POLL_MILLIS);
            }
            services.stop();
        }
    }

    /** Waits for the scores of the untrained encoder and of the last one; gives up if that takes too long. */
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

    private static void checkShown(DemoReport report, TrainLimits limits) {
        if (report.steps() == 0) {
            throw new UserException("the demo ended before its first step; "
                    + (limits.lastStep().isEmpty()
                            ? "give it more time with --minutes"
                            : "if the run is past step " + limits.lastStep().getAsLong()
                                    + " already, name a later one with --until-step"));
        }
        if (report.margin().isEmpty()) {
            throw new UserException("the demo's encoders were not scored within " + SCORES_PATIENCE.toMinutes()
                    + " minutes; the training is in the checkpoint, and the demo continues from there when run again");
        }
    }
}
