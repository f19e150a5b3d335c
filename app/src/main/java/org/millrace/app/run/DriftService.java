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
 * The drift of a run's incoming images: a worker on the service's thread and the topology beside it.
 *
 * <p>One process of a run watches. Of one folder the first one does, by a lock; of several folders, the one whose topology is in the
 * consumer group. A process that waits, or was shut out by another one, watches once the group is empty.
 */
public final class DriftService implements Services.Service {
    private static final Duration CLOSING = Duration.ofSeconds(5);
    private static final long LOOK_MILLIS = 2_000;
    private static final String LOCK = "drift.lock";

    private final MillraceConfig config;
    private final KafkaSettings kafka;
    private final Claim claim;
    private final Consumer<String> words;
    private final AtomicReference<@Nullable DriftWorker> worker = new AtomicReference<>();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>(); // of the present watch
    private final CountDownLatch stopping = new CountDownLatch(1);

    /** What a start does while a process of another folder watches. */
    public enum Claim {
        /** Shuts the other one out, as a person who starts it here asks for. */
        TAKES_OVER,
        /** Waits until the other one has left. A role that is started again by itself waits: two of them would shut each other out in turns. */
        WAITS
    }

    /** How a watch ended that did not fail. */
    private enum End {
        STOPPED,
        /** Another process watches. */
        SHUT_OUT,
        /** The frozen encoder is revoked. */
        REVOKED
    }

    /** @param words receives a sentence on what begins, or is waited for */
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
            topics.requireRun(config.run());
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

    /** Waits while another process of this folder watches; empty if stopped meanwhile. */
    private Optional<HeldFile> take(Path lock) throws IOException {
        boolean said = false;
        do {
            try {
                return Optional.of(
                        HeldFile.take(lock, "process " + ProcessHandle.current().pid()));
            } catch (HeldFile.TakenException e) {
                if (!said) {
                    words.accept("drift of run " + config.run().name() + " is watched already, by " + e.holder()
                            + "; its windows are shown here too, and when it ends this one watches");
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
                waits = true; // one that was shut out does not shut the other out in turn
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
                            + " is watched by a process of another folder, or was until a moment ago; its windows are shown"
                            + " here too, and when it has left this one watches");
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
                    "drift of run " + config.run().name() + " cannot be watched: " + problem.getMessage(), problem);
        }
        return problem == null ? End.STOPPED : End.SHUT_OUT;
    }

    /** Works until stopped, or until the frozen encoder is revoked, which it returns. */
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
            words.accept("watching " + config.images().topic() + " through encoder " + opened.encoderVersion()
                    + ", windows of " + config.drift().windowMillis() / 1000.0 + " s; the first "
                    + config.drift().referenceImages() + " images are the reference");
            opened.run();
            streams.close(
                    CloseOptions.timeout(CLOSING).withGroupMembershipOperation(GroupMembershipOperation.LEAVE_GROUP));
            boolean revoked = opened.isRevoked() && failure.get() == null;
            if (revoked) {
                words.accept("encoder " + opened.encoderVersion()
                        + ", which drift was watched through, is revoked; the watch begins again through another one");
            }
            return revoked;
        }
    }

    // whichever of the topology and the worker hears of it first
    private static boolean isShutOut(Throwable problem) {
        for (@Nullable Throwable cause = problem; cause != null; cause = cause.getCause()) {
            if (cause instanceof FencedInstanceIdException || cause instanceof ProducerFencedException) {
                return true;
            }
        }
        return false;
    }

    // the untrained one tells images apart too, but not as well
    private boolean awaitTrainedEncoder() {
        String said = "";
        for (Optional<String> why = whyNoEncoder(); why.isPresent(); why = whyNoEncoder()) {
            if (!why.get().equals(said)) {
                said = why.get();
                words.accept("drift is watched once there is a trained encoder: " + said);
            }
            if (await(LOOK_MILLIS)) {
                return false;
            }
        }
        return true;
    }

    /** Whether it was stopped within that time. */
    private boolean await(long millis) {
        try {
            return stopping.await(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    /** Why there is none to begin with, or empty where there is. */
    private Optional<String> whyNoEncoder() {
        try {
            if (DriftWorker.hasPinnedEncoder(config, kafka)) {
                return Optional.empty();
            }
            long version = PublishedEncoders.newest(kafka, config.run().topics())
                    .manifest()
                    .version();
            return version > 0
                    ? Optional.empty()
                    : Optional.of("so far there is the untrained one (trainer.publish-every-steps)");
        } catch (UserException e) { // none yet, no topic, or none that may be taken
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
