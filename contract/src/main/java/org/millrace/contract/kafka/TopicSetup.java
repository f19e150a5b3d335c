package org.millrace.contract.kafka;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.CreatePartitionsOptions;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.millrace.contract.RunTopics;
import org.millrace.contract.UserException;
import org.millrace.contract.config.ImagesConfig;

/** Creates the topics that are missing and describes those that exist. Closes its client. */
public final class TopicSetup implements AutoCloseable {
    /** The largest record of features. */
    public static final int FEATURE_RECORD_BYTES = 16 << 20;

    private static final Map<String, String> FOR_EVER = Map.of(TopicConfig.RETENTION_MS_CONFIG, "-1");
    private static final Map<String, String> COMPACTED =
            Map.of(TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_COMPACT);
    private static final String FEATURE_BYTES = String.valueOf(1L << 30);
    private static final int TIMEOUT_MILLIS = 15_000; // where kafka.admin.default.api.timeout.ms says nothing
    private static final int FENCED_MILLIS = 30_000; // likewise
    private static final long LOOK_MILLIS = 20;

    private final Admin admin;
    private final AdminAnswers answers;
    private final String bootstrapServers;
    private final int timeoutMillis;
    private final int fencedMillis;

    public TopicSetup(KafkaSettings kafka) {
        this.bootstrapServers = kafka.bootstrapServers();
        this.timeoutMillis = kafka.answerMillis(TIMEOUT_MILLIS);
        this.fencedMillis = kafka.answerMillis(FENCED_MILLIS);
        this.answers = new AdminAnswers(bootstrapServers, timeoutMillis);
        try {
            this.admin = Admin.create(kafka.admin());
        } catch (KafkaException e) {
            throw answers.unreachable(e);
        }
    }

    /** The topics of images: the stream, its rejects and the probe. */
    public void ensureImages(ImagesConfig images) {
        ensureStream(images);
        ensureProbe(images);
    }

    /** The stream and its rejects, which is all that a camera needs. */
    public void ensureStream(ImagesConfig images) {
        ensure(images.topic(), images.partitions(), large(images));
        ensureRejected(images);
    }

    /** The topic of the probe. */
    public void ensureProbe(ImagesConfig images) {
        ensure(images.probeTopic(), 1, large(images));
    }

    /** The topic of rejects, which also a stream that others made needs. */
    public void ensureRejected(ImagesConfig images) {
        ensure(images.rejectedTopic(), 1, large(images));
    }

    /** The topic of what watched folders have pushed. */
    public void ensureWatched(ImagesConfig images) {
        ensure(images.watchedTopic(), 1, COMPACTED);
    }

    /** Throws {@link UserException} unless the topic exists, naming those that do. */
    public void require(String topic) {
        if (describe(topic).isPresent()) {
            return;
        }
        String present =
                answers.await(admin.listTopics().names()).stream().sorted().collect(Collectors.joining(", "));
        throw new UserException("there is no topic " + topic + " at " + bootstrapServers + ", which has "
                + (present.isEmpty() ? "none yet" : present)
                + ".\nPush images first (millrace push), name another topic with --set images.topic=TOPIC"
                + " or --set images.probe-topic=TOPIC, or add --create-topics.");
    }

    /** The identity of a topic that exists; throws {@link UserException} where it does not. */
    public LogIdentity identity(String topic) {
        require(topic);
        String cluster = answers.await(admin.describeCluster(new DescribeClusterOptions().timeoutMs(timeoutMillis))
                .clusterId());
        return new LogIdentity(cluster, describe(topic).orElseThrow().topicId().toString());
    }

    /** Whether the broker removes records of that topic once others with their keys come; false where it does not say. */
    public boolean isCompacted(String topic) {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        try {
            ConfigEntry policy = answers.await(
                            admin.describeConfigs(List.of(resource)).all())
                    .getOrDefault(resource, new Config(List.of()))
                    .get(TopicConfig.CLEANUP_POLICY_CONFIG);
            return policy != null
                    && policy.value() != null
                    && policy.value().contains(TopicConfig.CLEANUP_POLICY_COMPACT);
        } catch (UserException e) { // without the right to ask
            return false;
        }
    }

    /** Throws {@link UserException} unless the run has a journal. */
    public void requireRun(RunTopics run) {
        String steps = run.steps();
        if (describe(steps).isEmpty()) {
            throw new UserException("there is no run " + run.run() + " at " + bootstrapServers + ": the topic " + steps
                    + " does not exist. Name another run with --run NAME, or start this one with millrace train.");
        }
    }

    /** The topics of one run: the journal kept for ever, the encoders compacted. */
    public void ensureRun(RunTopics run) {
        ensure(run.steps(), 1, FOR_EVER);
        ensure(run.encoders(), 1, COMPACTED);
        ensure(run.evaluations(), 1, FOR_EVER);
    }

    /** The topic of the adapters between a run's feature spaces. */
    public void ensureSpaces(RunTopics run) {
        ensure(run.spaces(), 1, COMPACTED);
    }

    /**
     * The further topics of a run of several trainers. The work is kept for ever here: its trainers delete what a durable state has made
     * useless.
     *
     * @param slots partitions, at least, of the slots' own topics
     */
    public void ensureRounds(RunTopics run, int slots) {
        ensure(run.slots(), slots, FOR_EVER);
        ensure(run.work(), slots, FOR_EVER);
        ensure(run.globals(), 1, COMPACTED);
        growRounds(run, slots); // where someone made them with fewer
    }

    /**
     * Gives the topics of {@link #ensureRounds} a partition for each slot, both or neither; those that have them stay.
     *
     * @throws UserException where the broker refuses
     */
    public void growRounds(RunTopics run, int slots) {
        Map<String, NewPartitions> lacking = lacking(run, slots);
        if (lacking.isEmpty()) {
            return;
        }
        try {
            create(lacking, true);
            create(lacking, false);
        } catch (UserException e) {
            if (!lacking(run, slots).isEmpty()) { // otherwise another process was faster
                throw new UserException(
                        run.slots() + " and " + run.work() + " need a partition for each of " + slots + " slots, but "
                                + e.getMessage(),
                        e);
            }
        }
    }

    private Map<String, NewPartitions> lacking(RunTopics run, int slots) {
        Map<String, NewPartitions> lacking = new TreeMap<>();
        for (String topic : List.of(run.slots(), run.work())) {
            int partitions = describe(topic)
                    .map(found -> found.partitions().size())
                    .orElseThrow(() -> new UserException("the topic " + topic + " does not exist at " + bootstrapServers
                            + ": the run has not begun. Start it with millrace train."));
            if (partitions < slots) {
                lacking.put(topic, NewPartitions.increaseTo(slots));
            }
        }
        return lacking;
    }

    private void create(Map<String, NewPartitions> partitions, boolean onlyValidate) {
        var options = new CreatePartitionsOptions().timeoutMs(timeoutMillis).validateOnly(onlyValidate);
        answers.await(admin.createPartitions(partitions, options).all());
    }

    /** The topics of a run's drift: the newest gigabyte of features, whatever the age of their images, all reports, and orders. */
    public void ensureDrift(RunTopics run) {
        ensure(
                run.statistics(),
                1,
                Map.of(
                        TopicConfig.RETENTION_MS_CONFIG,
                        "-1",
                        TopicConfig.RETENTION_BYTES_CONFIG,
                        FEATURE_BYTES,
                        TopicConfig.MAX_MESSAGE_BYTES_CONFIG,
                        String.valueOf(FEATURE_RECORD_BYTES)));
        ensure(run.drift(), 1, FOR_EVER);
        ensure(run.driftOrders(), 1, FOR_EVER);
    }

    /** The topic of embeddings, with as many partitions as that of the images, which must exist. */
    public void ensureEmbeddings(RunTopics run, ImagesConfig images) {
        require(images.topic());
        int partitions = describe(images.topic()).orElseThrow().partitions().size();
        ensure(run.embeddings(), partitions, Map.of());
    }

    /** Partitions of the topic, or empty where it does not exist. */
    public Optional<TopicDescription> describe(String topic) {
        try {
            var descriptions = answers.await(
                    admin.describeTopics(List.of(topic), new DescribeTopicsOptions().timeoutMs(timeoutMillis))
                            .allTopicNames());
            return Optional.ofNullable(descriptions.get(topic));
        } catch (UnknownTopicOrPartitionException e) {
            return Optional.empty();
        } catch (UserException e) {
            if (e.getCause() != null && e.getCause().getCause() instanceof TopicAuthorizationException) {
                throw new UserException(
                        "the broker at " + bootstrapServers + " refuses: no right to the topic " + topic
                                + "\nCheck its user's rights and the kafka.* settings here.",
                        e.getCause());
            }
            throw e;
        }
    }

    @Override
    public void close() {
        admin.close(java.time.Duration.ofSeconds(2));
    }

    private static Map<String, String> large(ImagesConfig images) {
        return Map.of(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, String.valueOf(images.maxRecordBytes()));
    }

    private void ensure(String name, int partitions, Map<String, String> configs) {
        if (describe(name).isPresent()) {
            return;
        }
        var topic = new NewTopic(name, Optional.of(partitions), Optional.empty()).configs(configs);
        try {
            FencedBrokers.await(
                    () -> answers.await(
                            admin.createTopics(List.of(topic), new CreateTopicsOptions().timeoutMs(timeoutMillis))
                                    .all()),
                    fencedMillis);
        } catch (InvalidReplicationFactorException e) {
            throw answers.unreachable(e);
        } catch (TopicExistsException e) {
            // another process was faster
        }
        awaitSeen(name);
    }

    /** A topic that the controller has created is known to a busy broker a moment later only. */
    private void awaitSeen(String topic) {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
        while (describe(topic).isEmpty()) {
            if (System.nanoTime() > end) {
                throw new UserException("the topic " + topic + " was created at " + bootstrapServers
                        + ", but the broker does not know it after " + timeoutMillis / 1000
                        + " s.\nLook whether the cluster is in good health.");
            }
            try {
                TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new KafkaException(e);
            }
        }
    }
}
