package org.millrace.evaluator;

import java.time.Clock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.EncoderManifest;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.registry.EncoderAssembler;
import org.millrace.contract.registry.PublishedEncoder;
import org.millrace.contract.registry.Standings;
import org.millrace.evaluator.anchor.Anchors;
import org.millrace.evaluator.probe.ProbeFeed;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The service that scores a run's encoders: probe → probe set; encoders → assemble → wait → embed → score → evaluations.
 *
 * <p>{@link #run} or {@link #evaluateOnce} is called once, by one thread, which every embedder then belongs to; {@link #close} may
 * be called by any. The four topics must exist.
 */
public final class Evaluator implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Evaluator.class);
    private static final long WAITING_BYTES = 64L << 20;
    private static final int FETCH_BYTES = 16 << 20;

    /** New labelled images put off an evaluation until they pause, but not for longer than this. */
    private static final long PATIENCE_MILLIS = 60_000;

    private final Clock clock;
    private final String probeTopic;
    private final String encodersTopic;
    private final String spacesTopic;
    private final EvaluatorTopics topics;
    private final ProbeFeed feed;
    private final LabelledImages images;
    private final EvaluationLog evaluations;
    private final EncoderScorer scorer;
    private final EncodersOnTopic encoders;
    private final EncoderAssembler assembler = new EncoderAssembler();
    private final WaitingEncoders waiting;
    private final Set<Long> revoked = new HashSet<>(); // of which the log says so
    private final ReentrantLock running = new ReentrantLock();
    private volatile boolean stopping;
    private boolean closed;
    private int rereadAt;

    /** Opens its Kafka clients and the probe set of the run's folder. */
    public Evaluator(
            MillraceConfig config,
            KafkaSettings kafka,
            EmbedderFactory embedders,
            EvaluationListener listener,
            Clock clock) {
        this(
                config,
                new KafkaConsumer<>(kafka.consumer(
                        Map.of("allow.auto.create.topics", "false", "fetch.max.bytes", String.valueOf(FETCH_BYTES)))),
                new KafkaProducer<>(kafka.producer(Map.of())),
                OldProbe.of(config, kafka, embedders::decodes, clock),
                embedders,
                listener,
                clock);
    }

    Evaluator(
            MillraceConfig config,
            Consumer<byte[], byte[]> consumer,
            Producer<byte[], byte[]> producer,
            Optional<OldProbe> old,
            EmbedderFactory embedders,
            EvaluationListener listener,
            Clock clock) {
        this.clock = clock;
        this.waiting = new WaitingEncoders(WAITING_BYTES, config.evaluator().churnBudget() < 1 || old.isPresent());
        this.probeTopic = config.images().probeTopic();
        this.encodersTopic = config.run().topics().encoders();
        String evaluationsTopic = config.run().topics().evaluations();
        this.spacesTopic = config.run().topics().spaces();
        this.topics = new EvaluatorTopics(consumer, probeTopic, encodersTopic, evaluationsTopic, spacesTopic);
        this.feed = new ProbeFeed(config.evaluator(), config.run().folder(), embedders::decodes);
        this.images = new LabelledImages(new GrowingProbeSet(feed, probeTopic, clock), old);
        this.evaluations =
                new EvaluationLog(evaluationsTopic, config.evaluator().pinnedVersion(), producer, listener);
        this.scorer = new EncoderScorer(
                embedders, config, new Anchors(config.evaluator(), config.run().folder()), clock);
        this.encoders =
                new EncodersOnTopic(encodersTopic, new SpaceLog(spacesTopic, producer, clock), evaluations, scorer);
    }

    /** Evaluates every encoder that is or will be published, until closed or interrupted. */
    public void run() {
        running.lock();
        try {
            readUp();
            readTo(topics.ends());
            long waitingSince = clock.millis();
            while (!stopping()) {
                poll();
                images.saveWhenDue();
                if (waiting.isEmpty()) {
                    waitingSince = clock.millis();
                    rereadWhereOutgrown();
                    encoders.adaptCurrent(); // which may have changed by the operator's word
                } else if ((images.isQuiet() || clock.millis() - waitingSince >= PATIENCE_MILLIS)
                        && images.isEnough()) {
                    evaluateNext();
                }
            }
        } catch (InterruptException e) {
            Thread.currentThread().interrupt();
        } finally {
            running.unlock();
        }
    }

    /**
     * Evaluates every encoder that is published now and has no evaluation yet, and returns their evaluations by version: fewer
     * where it was closed or interrupted. Throws {@link UserException} where there are too few labelled images to score one.
     */
    public List<Evaluation> evaluateOnce() {
        List<Evaluation> done = new ArrayList<>();
        running.lock();
        try {
            readUp();
            Map<TopicPartition, Long> ends = topics.ends();
            while (!stopping() && !topics.reached(ends)) {
                poll();
                while (!stopping() && !waiting.isEmpty()) {
                    images.requireEnough();
                    evaluateNext().ifPresent(done::add);
                }
            }
        } catch (InterruptException e) {
            Thread.currentThread().interrupt();
        } finally {
            running.unlock();
        }
        done.sort(Comparator.comparingLong(Evaluation::version));
        return done;
    }

    /** Which encoders are current and held, as far as the evaluations have been read. On the evaluating thread only. */
    public Standings standings() {
        return evaluations.standings();
    }

    /** Ends {@link #run}, waits until it has returned, saves the probe set and closes the Kafka clients. Idempotent. */
    @Override
    public void close() {
        stopping = true;
        running.lock();
        try {
            if (!closed) {
                closed = true;
                closeParts();
            }
        } finally {
            running.unlock();
        }
    }

    private void closeParts() {
        boolean interrupted = Thread.interrupted(); // or else the clients' own close would throw
        try {
            topics.close();
            images.close();
            evaluations.close();
            scorer.close();
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Reads the labelled images and the finished evaluations to their present ends; encoders are read after that. */
    private void readUp() {
        topics.open(feed);
        readTo(topics.ends());
        if (!stopping()) {
            images.save();
            evaluations.readUp();
        }
        topics.resumeEncoders();
    }

    private void readTo(Map<TopicPartition, Long> ends) {
        while (!stopping() && !topics.reached(ends)) {
            poll();
        }
    }

    private void poll() {
        topics.poll(record -> {
            if (record.topic().equals(probeTopic)) {
                images.accept(record);
            } else if (record.topic().equals(encodersTopic)) {
                encoders.removed(record);
                assembler.accept(record).ifPresent(this::published);
            } else if (record.topic().equals(spacesTopic)) {
                encoders.acceptAdapter(record);
            } else {
                evaluations.accept(record);
            }
        });
    }

    /** Reads the encoders again where some must be scored again; once for a size of the probe set, as some may have left the topic. */
    private void rereadWhereOutgrown() {
        int testImages = images.testImages();
        if (images.isQuiet() && testImages != rereadAt && evaluations.isOutgrown(testImages)) {
            rereadAt = testImages;
            LOG.info("the labelled images have grown to {} held-out ones: encoders are scored again", testImages);
            topics.rereadEncoders();
        }
    }

    private boolean isWanted(PublishedEncoder encoder) {
        return !evaluations.standings().isRevoked(encoder.version())
                && (!evaluations.has(encoder.version())
                        || evaluations.isOutgrown(encoder.version(), images.testImages()));
    }

    private void published(PublishedEncoder encoder) {
        encoders.add(encoder.manifest());
        if (evaluations.standings().isRevoked(encoder.version())) {
            if (revoked.add(encoder.version())) { // encoders may be read again
                LOG.info("encoder {} is revoked, and not scored", encoder.version());
            }
        } else if (isWanted(encoder)) {
            waiting.add(encoder);
        } else if (scorer.misses(encoder.version(), evaluations.standings())) {
            scorer.remember(encoder, images.probes(), this::stopping);
            encoders.adaptCurrent();
        } else if (evaluations.standings().current().orElse(-1) == encoder.version()) {
            encoders.adaptCurrent();
        }
    }

    /** Takes the first of the waiting encoders and evaluates it. */
    private Optional<Evaluation> evaluateNext() {
        Optional<PublishedEncoder> next = waiting.take().filter(this::isWanted);
        Optional<EncoderScorer.Scored> scored = next.flatMap(encoder -> scorer.evaluate(
                encoder,
                images.probes(),
                images.old(),
                evaluations,
                space -> encoders.hasAdapter(encoder.manifest(), space),
                this::stopping));
        scored.ifPresent(scores -> {
            EncoderManifest encoder = next.orElseThrow().manifest();
            encoders.publishAdapters(encoder, scores.fits()); // first: what is current then has its adapters
            evaluations.publish(scores.evaluation());
            encoders.adaptCurrent();
        });
        return scored.map(EncoderScorer.Scored::evaluation);
    }

    private boolean stopping() {
        return stopping || Thread.currentThread().isInterrupted();
    }
}
