package org.millrace.app.run;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.CloseOptions.GroupMembershipOperation;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.HeldFile;
import org.millrace.contract.PrivateFolder;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.ConsumerGroup;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.contract.registry.PublishedEncoders;
import org.millrace.contract.service.Services;
import org.millrace.encoder.tensor.Torch;
import org.millrace.evaluator.TorchEmbedders;
import org.millrace.evaluator.drift.stream.DriftTopology;
import org.millrace.evaluator.drift.stream.DriftWorker;
import org.millrace.keystore.disk.RocksLibrary;

/**
 * Monitors a run's incoming images for drift: a worker on the service's thread, and the Kafka Streams topology.
 *
 * <p>One process per run monitors: within one folder the first, by a lock; among folders, the one whose topology is in the consumer group.
 * A process that waits, or that was fenced by another, takes over once the group is empty.
 */
public final class DriftService implements Services.Service {
    private static final Duration CLOSING = Duration.ofSeconds(5);
    private static final long LOOK_MILLIS = 2_000;
    /** Name of the file in the run's folder that a monitor holds. */
    public static final String LOCK = "drift.lock";

    private final MillraceConfig config;
    private final KafkaSettings kafka;
    private final Claim claim;
    private final Consumer<String> words;
    private final AtomicReference<@Nullable DriftWorker> worker = new AtomicReference<>();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>(); // of the current monitor
    private final CountDownLatch stopping = new CountDownLatch(1);

    /** What to do if a process of another folder is monitoring. */
    public enum Claim {
        /** Fences the other one: the user has started this one explicitly. */
        TAKES_OVER,
        /** Waits until the other one has left. Automatically restarted roles wait, since two of them would fence each other in turns. */
        WAITS
    }

    /** How monitoring ended without a failure. */
    private enum End {
        STOPPED,
        /** Another process has taken over. */
        SHUT_OUT,
        /** The frozen encoder is revoked. */
        REVOKED
    }

    /** @param words receives a sentence when monitoring starts, and on anything that it waits for */
    public DriftService(MillraceConfig config, KafkaSettings kafka, Claim claim, Consumer<String> words) {
        this.config = config;
        this.kafka = kafka;
        this.claim = claim;
        this.words = words;
    }

    @Override
    public void run() {
        if (!awaitTrainedEncoder()) {
            return;
        }
        try (TopicSetup topics = new TopicSetup(kafka)) {
            topics.require(config.images().topic());
            topics.requireRun(config.run().topics());
            topics.ensureDrift(config.run().topics());
        }
        Path lock = config.run().folder().resolve(LOCK);
        try {
            PrivateFolder.make(config.run().folder());
            Optional<HeldFile> held = take(lock);
            if (held.isPresent()) {
                watchUntilStopped(held.get());
            }
        } catch (IOException e) {
            throw new UserException("cannot write to " + lock + ": " + e, e);
        }
    }

    /** Waits while another process of this folder is monitoring; empty if stopped meanwhile. */
    private Optional<HeldFile> take(Path lock) throws IOException {
        boolean said = false;
        do {
            try {
                return Optional.of(
                        HeldFile.take(lock, "process " + ProcessHandle.current().pid()));
            } catch (HeldFile.TakenException e) {
                if (!said) {
                    words.accept("drift of run " + config.run().name() + " is already monitored by " + e.holder()
                            + "; its windows are shown here too, and this process takes over when it ends");
                }
                said = true;
            }
        } while (!await(LOOK_MILLIS));
        return Optional.empty();
    }

    /** @param held closed at the end */
    private void watchUntilStopped(HeldFile held) {
        try (held) {
            boolean waits = claim == Claim.WAITS;
            do {
                if (!awaitTrainedEncoder() || (waits && !awaitNobodyWatches())) {
                    return;
                }
                waits = true; // a fenced process does not fence the other one in turn
            } while (watch() != End.STOPPED);
        }
    }

    /** Waits while a process is in the topology's consumer group; false if stopped meanwhile. */
    private boolean awaitNobodyWatches() {
        try (ConsumerGroup group = new ConsumerGroup(kafka, DriftTopology.group(config))) {
            boolean said = false;
            while (group.isTaken()) {
                if (!said) {
                    words.accept("drift of run " + config.run().name()
                            + " is monitored by a process of another folder, or was until a moment ago; its windows are shown"
                            + " here too, and this process takes over when it has left");
                }
                said = true;
                if (await(LOOK_MILLIS)) {
                    return false;
                }
            }
        }
        return true;
    }

    private End watch() {
        RocksLibrary.load(); // before Kafka Streams does
        failure.set(null);
        Properties properties = new Properties();
        properties.putAll(kafka.streams(DriftTopology.settings(config)));
        try (KafkaStreams streams = new KafkaStreams(DriftTopology.of(config), properties)) {
            streams.setUncaughtExceptionHandler(problem -> {
                failure.compareAndSet(null, problem);
                stopWorker();
                return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
            });
            streams.start(); // while PyTorch starts
            if (embed(streams)) {
                return End.REVOKED;
            }
        } catch (ProducerFencedException | InvalidProducerEpochException e) {
            return End.SHUT_OUT;
        } finally {
            worker.set(null);
        }
        Throwable problem = failure.get();
        if (problem != null && !isShutOut(problem)) {
            throw new UserException(
                    "drift of run " + config.run().name() + " cannot be monitored: " + problem.getMessage(), problem);
        }
        return problem == null ? End.STOPPED : End.SHUT_OUT;
    }

    /** Works until stopped or until the frozen encoder is revoked; returns whether it was revoked. */
    private boolean embed(KafkaStreams streams) {
        try (DriftWorker opened = new DriftWorker(
                config,
                kafka,
                new TorchEmbedders(Torch.start(config.run()), config.encoder(), config.images()),
                Clock.systemUTC())) {
            worker.set(opened);
            if (stopping.getCount() == 0 || failure.get() != null) {
                opened.stop();
            }
            words.accept("monitoring " + config.images().topic() + " through encoder " + opened.encoderVersion()
                    + ", windows of " + config.drift().windowMillis() / 1000.0 + " s; the first "
                    + config.drift().referenceImages() + " images are the reference");
            opened.run();
            streams.close(
                    CloseOptions.timeout(CLOSING).withGroupMembershipOperation(GroupMembershipOperation.LEAVE_GROUP));
            boolean revoked = opened.isRevoked() && failure.get() == null;
            if (revoked) {
                words.accept(
                        "encoder " + opened.encoderVersion()
                                + ", through which drift was monitored, is revoked; restarting with another encoder and a new reference");
            }
            return revoked;
        }
    }

    // raised by the topology or the worker, whichever is first
    private static boolean isShutOut(Throwable problem) {
        for (@Nullable Throwable cause = problem; cause != null; cause = cause.getCause()) {
            if (cause instanceof FencedInstanceIdException || cause instanceof ProducerFencedException) {
                return true;
            }
        }
        return false;
    }

    // the untrained encoder separates images too, but not as well
    private boolean awaitTrainedEncoder() {
        String said = "";
        for (Optional<String> why = whyNoEncoder(); why.isPresent(); why = whyNoEncoder()) {
            if (!why.get().equals(said)) {
                said = why.get();
                words.accept("drift monitoring starts once there is a trained encoder: " + said);
            }
            if (await(LOOK_MILLIS)) {
                return false;
            }
        }
        return true;
    }

    /** Whether this was stopped within that time. */
    private boolean await(long millis) {
        try {
            return stopping.await(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    /** Why there is no encoder to start with, or empty if there is one. */
    private Optional<String> whyNoEncoder() {
        try {
            if (DriftWorker.hasPinnedEncoder(config, kafka)) {
                return Optional.empty();
            }
            long version = PublishedEncoders.newestVersion(kafka, config.run().topics());
            return version > 0
                    ? Optional.empty()
                    : Optional.of("so far there is only the untrained one (trainer.publish-every-steps)");
        } catch (UserException e) { // none yet, no topic, or none that may be used
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    @Override
    public void stop() {
        stopping.countDown();
        stopWorker();
    }

    private void stopWorker() {
        DriftWorker opened = worker.get();
        if (opened != null) {
            opened.stop();
        }
    }
}
