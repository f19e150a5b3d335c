package org.millrace.evaluator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.internals.AutoOffsetResetStrategy.StrategyType;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.contract.ImageHeaders;
import org.millrace.contract.UserException;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.config.GuardConfig;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.Comparison;
import org.millrace.contract.event.EncoderManifest;
import org.millrace.contract.event.EncoderRevocation;
import org.millrace.contract.event.EncoderRevocation.State;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.event.Health;
import org.millrace.contract.event.Interval;
import org.millrace.contract.event.Json;
import org.millrace.contract.event.SpaceScores;
import org.millrace.contract.event.Standing;
import org.millrace.contract.event.Standing.Verdict;
import org.millrace.contract.registry.EncoderRecords;
import org.millrace.contract.registry.Standings;
import org.millrace.evaluator.anchor.Anchors;

@Timeout(value = 5, unit = TimeUnit.MINUTES) // only a hang takes that long
final class EvaluatorTest {
    private static final TopicPartition PROBE = new TopicPartition("probe", 0);
    private static final TopicPartition ENCODERS = new TopicPartition("main.encoders", 0);
    private static final TopicPartition EVALUATIONS = new TopicPartition("main.evaluations", 0);

    private static final TopicPartition SPACES = new TopicPartition("main.spaces", 0);

    @TempDir
    Path data;

    private final Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> log = new HashMap<>();
    private final List<Evaluation> heard = new CopyOnWriteArrayList<>();
    private final TestEncoders encoders = new TestEncoders();
    private MockConsumer<byte[], byte[]> consumer = new MockConsumer<>(StrategyType.NONE.toString());
    private MockProducer<byte[], byte[]> producer = producer();
    private final AtomicBoolean rereads = new AtomicBoolean();
    private String budget = "1";
    private String oldProbe = "";
    private String spaces = "";

    @Test
    void evaluateOnce_scoresPublishedBefore_comeOnceAsTheyStandWithTheRevoked() {
        pushProbe(60);
        publish(0, "blind");
        publish(400, "seeing");
        List<Evaluation> first;
        try (Evaluator evaluator = open()) {
            first = evaluator.evaluateOnce();
        }
        for (int scoredTwice = 0; scoredTwice < 2; scoredTwice++) {
            first.forEach(evaluation -> append(EVALUATIONS, "" + evaluation.version(), Json.write(evaluation), null));
        }
        append(
                EVALUATIONS,
                "400",
                Json.write(new EncoderRevocation(EncoderRevocation.SCHEMA, "main", 400, State.REVOKED, "blurred", 9)),
                null);
        heard.clear();
        List<Evaluation> published = new ArrayList<>();
        EvaluationListener listener = new EvaluationListener() {
            @Override
            public void evaluated(Evaluation evaluation) {
                heard.add(evaluation);
            }

            @Override
            public void published(List<Evaluation> evaluations, Standings standings) {
                published.addAll(evaluations);
                assertThat(standings.isRevoked(400)).isTrue();
            }
        };
        try (Evaluator evaluator = open(0, listener)) {
            assertThat(evaluator.evaluateOnce()).isEmpty();
        }
        assertThat(published).containsExactlyElementsOf(first);
        assertThat(heard).isEmpty();
    }

    @Test
    void evaluateOnce_withEncodersAndProbe_publishesEachScore() {
        pushProbe(60);
        publish(0, "blind");
        publish(400, "seeing");
        try (Evaluator evaluator = open()) {
            List<Evaluation> evaluations = evaluator.evaluateOnce();
            assertThat(evaluations).extracting(Evaluation::version).containsExactly(0L, 400L);
            assertThat(heard).containsExactlyElementsOf(evaluations);
            Evaluation untrained = evaluations.get(0);
            Evaluation last = evaluations.get(1);
            assertThat(untrained.linear().accuracy()).isLessThan(0.8);
            assertThat(last.linear().accuracy()).isEqualTo(1);
            assertThat(last.neighbours().accuracy()).isEqualTo(1);
            assertThat(last.classes()).isEqualTo(2);
            assertThat(last.imagesTrained()).isEqualTo(400 * 128);
            assertThat(last.trainImages() + last.testImages()).isEqualTo(60);
            assertThat(last.neighbours().k()).isEqualTo(last.trainImages() / last.classes());
            Health health = last.health().orElseThrow();
            assertThat(health.images()).isEqualTo(last.testImages());
            assertThat(health.dimensions()).isEqualTo(2);
            assertThat(health.collapsed()).isFalse();
            assertThat(health.rankMe()).isBetween(1.0, 2.01);
            assertThat(untrained.modelDrift()).isEmpty();
            assertThat(last.modelDrift().orElseThrow().against())
                    .extracting(against -> against.role() + " " + against.version())
                    .containsExactly("PREVIOUS 0", "CURRENT 0", "FIRST 0");
            assertThat(health.rankMe())
                    .isGreaterThan(untrained.health().orElseThrow().rankMe());
        }
        assertThat(producer.history()).hasSize(2).allSatisfy(sent -> {
            assertThat(sent.topic()).isEqualTo("main.evaluations");
            Evaluation evaluation = Json.read(sent.value(), Evaluation.class);
            assertThat(sent.key()).isEqualTo(Long.toString(evaluation.version()).getBytes(StandardCharsets.UTF_8));
        });
        assertThat(encoders.open).isZero();
        assertThat(consumer.closed()).isTrue();
    }

    @Test
    void evaluateOnce_afterARestart_doesOnlyWhatIsNew() {
        pushProbe(60);
        publish(0, "blind");
        try (Evaluator evaluator = open()) {
            assertThat(evaluator.evaluateOnce()).hasSize(1);
        }
        append(EVALUATIONS, "0", producer.history().get(0).value(), null);
        publish(400, "seeing");
        log.put(PROBE, new ArrayList<>()); // retention took the labelled images; the file has them
        heard.clear();
        try (Evaluator evaluator = open(60)) {
            assertThat(evaluator.evaluateOnce()).extracting(Evaluation::version).containsExactly(400L);
        }
        assertThat(heard).extracting(Evaluation::version).containsExactly(0L, 400L);
        assertThat(heard.get(1).trainImages() + heard.get(1).testImages()).isEqualTo(60);
    }

    @Test
    void evaluateOnce_probeGrownByMoreThanATenth_scoresWhatIsComparedAgainAndKeepsItsStanding() {
        budget = "0.2";
        pushProbe(60);
        publish(0, "seeing");
        publish(400, "seeing");
        publish(800, "blind");
        assertThat(standings()).extracting(Standing::held).containsExactly(false, false, true);
        int scoredOn = heard.get(0).testImages();
        assertThat(heard.get(2).linear().besideUntrained()).hasValue(Comparison.BELOW);
        assertThat(heard.get(1).linear().besideUntrained()).hasValue(Comparison.NO_DIFFERENT);
        assertThat(heard.get(0).linear().besideUntrained()).isEmpty();
        assertThat(heard.get(1).linear().interval()).hasValue(Interval.wilson(scoredOn, scoredOn));

        pushProbe(62);
        try (Evaluator evaluator = open()) {
            assertThat(evaluator.evaluateOnce()).as("a little more").isEmpty();
        }
        pushProbe(120);
        heard.clear();
        List<Standing> again = standings();
        List<Evaluation> fresh = heard.subList(heard.size() - 3, heard.size());
        assertThat(fresh).extracting(Evaluation::version).containsExactlyInAnyOrder(0L, 400L, 800L);
        assertThat(fresh).extracting(Evaluation::testImages).allMatch(images -> images > 1.1 * scoredOn);
        assertThat(again).extracting(Standing::held).containsExactly(false, false, true);
        try (Evaluator evaluator = open()) {
            assertThat(evaluator.evaluateOnce()).as("each once").isEmpty();
        }
    }

    @Test
    void evaluateOnce_withTheSpaceOfAnIndex_publishesAnAdapterOfTheCurrentEncoderBeforeItsScores() {
        spaces = "400";
        pushProbe(240);
        publish(0, "blind");
        publish(400, "seeing");
        publish(800, "blind");
        publish(1200, "seeing");
        try (Evaluator evaluator = open()) {
            assertThat(evaluator.evaluateOnce()).hasSize(4);
        }
        List<String> sent = sentKeys();
        assertThat(sent).containsSubsequence("main.spaces 1200-400/0", "main.spaces 1200-400/manifest");
        assertThat(sent.lastIndexOf("main.evaluations 1200"))
                .isGreaterThan(sent.lastIndexOf("main.spaces 1200-400/manifest"));
        assertThat(sent).doesNotContain("main.spaces 400-400/manifest");
        Evaluation newest = heard.stream()
                .filter(evaluation -> evaluation.version() == 1200)
                .reduce((first, second) -> second)
                .orElseThrow();
        SpaceScores scores = newest.scoresIn(400).orElseThrow();
        assertThat(scores.heldOut()).isBetween(scores.anchors() / 5, scores.anchors() / 5 + 1);
        assertThat(scores.adapter().orElseThrow().recall())
                .as("the same encoder")
                .isEqualTo(1);
        assertThat(scores.raw()).hasValue(1);
        assertThat(scores.reembedded()).isEqualTo(1);
        keepWhatWasSent();

        try (Evaluator evaluator = open()) {
            assertThat(evaluator.evaluateOnce()).isEmpty();
        }
        assertThat(producer.history()).as("nothing twice").isEmpty();

        spaces = "400,800"; // wanted later: of an encoder that was scored before
        try (Evaluator evaluator = open()) {
            assertThat(evaluator.evaluateOnce()).isEmpty();
        }
        assertThat(sentKeys())
                .containsExactly("main.spaces 1200-800/0", "main.spaces 1200-800/manifest", "main.evaluations 1200");
        keepWhatWasSent();

        publish(1600, "seeing");
        append(ENCODERS, "1200/manifest", null, null); // the trainer removes it
        try (Evaluator evaluator = open()) {
            assertThat(evaluator.evaluateOnce()).hasSize(1);
        }
        keepWhatWasSent();
        try (Evaluator evaluator = open()) {
            assertThat(evaluator.evaluateOnce()).isEmpty();
        }
        assertThat(producer.history())
                .as("adapters of the one that left are taken back")
                .extracting(record -> new String(record.key(), StandardCharsets.UTF_8) + " " + (record.value() == null))
                .containsExactlyInAnyOrder(
                        "1200-400/manifest true", "1200-400/0 true", "1200-800/manifest true", "1200-800/0 true");
    }

    @Test
    void evaluateOnce_tooFewAnchorsForAnAdapter_saysSoInTheScoresAndPublishesNone() {
        spaces = "0";
        pushProbe(60);
        publish(0, "blind");
        publish(400, "seeing");
        for (int start = 0; start < 2; start++) {
            try (Evaluator evaluator = open()) {
                evaluator.evaluateOnce();
            }
            assertThat(sentKeys()).noneMatch(key -> key.startsWith("main.spaces"));
            keepWhatWasSent();
        }
        SpaceScores scores = heard.get(1).scoresIn(0).orElseThrow();
        assertThat(scores.adapter()).isEmpty();
        assertThat(scores.refused().orElseThrow()).contains("32 anchor images, and at least 50 are needed");
    }

    private List<String> sentKeys() {
        return producer.history().stream()
                .map(record -> record.topic() + " " + new String(record.key(), StandardCharsets.UTF_8))
                .toList();
    }

    private void keepWhatWasSent() {
        producer.history()
                .forEach(record -> append(
                        new TopicPartition(record.topic(), 0),
                        new String(record.key(), StandardCharsets.UTF_8),
                        record.value(),
                        null));
    }

    @Test
    void run_probeGrowsMeanwhile_scoresTheEncodersOfTheTopicAgain() throws Exception {
        pushProbe(60);
        publish(0, "blind");
        publish(400, "seeing");
        Evaluator evaluator = open();
        Thread thread = new Thread(evaluator::run);
        thread.start();
        await(2);
        int before = records(PROBE).size();
        pushProbe(120);
        deliver(PROBE, before);
        // what seekToBeginning brings again, the mock does not
        List<ConsumerRecord<byte[], byte[]>> encodersAgain = records(ENCODERS);
        while (!rereads.get()) {
            Thread.sleep(10);
        }
        consumer.schedulePollTask(() -> encodersAgain.forEach(consumer::addRecord));
        await(4);
        evaluator.close();
        thread.join();
        assertThat(heard).extracting(Evaluation::version).containsExactlyInAnyOrder(0L, 400L, 0L, 400L);
        assertThat(heard.subList(2, 4))
                .extracting(evaluation -> evaluation.trainImages() + evaluation.testImages())
                .containsOnly(120);
    }

    @Test
    void evaluateOnce_recordsThatCannotBeRead_areLeftOut() {
        append(EVALUATIONS, "0", "null".getBytes(StandardCharsets.UTF_8), null);
        append(EVALUATIONS, "0", "no json".getBytes(StandardCharsets.UTF_8), null);
        append(EVALUATIONS, "0", null, null);
        append(ENCODERS, "7000/manifest", "null".getBytes(StandardCharsets.UTF_8), null);
        append(ENCODERS, "", new byte[3], null);
        pushProbe(60);
        publish(0, "seeing");
        try (Evaluator evaluator = open()) {
            assertThat(evaluator.evaluateOnce()).extracting(Evaluation::version).containsExactly(0L);
        }
    }

    @Test
    void evaluateOnce_anchorsLost_currentIsEmbeddedAgainOrElseTheNextIsHeld() throws Exception {
        budget = "0.2";
        pushProbe(60);
        publish(400, "seeing");
        publish(800, "blind");
        assertThat(standings()).extracting(Standing::held).containsExactly(false, true);

        Path anchors = data.resolve("runs/main").resolve(Anchors.FILE);
        Files.delete(anchors);
        publish(1200, "seeing");
        assertThat(standings())
                .as("encoder 400, which is current, is on the topic")
                .containsExactly(new Standing(Verdict.CURRENT, OptionalLong.of(400), OptionalDouble.of(0), 0.2));

        Files.delete(anchors);
        log.remove(ENCODERS);
        publish(1600, "seeing");
        assertThat(standings())
                .as("encoder 1200, which is current, is not")
                .containsExactly(new Standing(Verdict.HELD, OptionalLong.of(1200), OptionalDouble.empty(), 0.2));
    }

    /** The blind encoder sees nothing of the old domain either, and the sighted one all of it. */
    @Test
    void evaluateOnce_oldDomainLost_isHeldAndLambdaIsDoubledThenLoweredSlowly() {
        oldProbe = "old";
        pushProbe(60);
        publish(0, "seeing");
        publish(400, "blind");
        publish(800, "seeing");
        assertThat(standings()).extracting(Standing::held).containsExactly(false, true, false);
        assertThat(heard)
                .extracting(evaluation -> evaluation.oldDomain().orElseThrow())
                .satisfiesExactly(
                        first -> {
                            assertThat(first.against()).isEmpty();
                            assertThat(first.linear().accuracy()).isEqualTo(1);
                            assertThat(first.testImages()).isGreaterThanOrEqualTo(10);
                            assertThat(first.weight()).isEqualTo(8);
                        },
                        lost -> {
                            assertThat(lost.against()).hasValue(0);
                            assertThat(lost.fallen())
                                    .isEqualTo(100 * (1 - lost.linear().accuracy()))
                                    .isGreaterThan(1);
                            assertThat(lost.weight()).isEqualTo(16);
                        },
                        good -> {
                            assertThat(good.fallen()).isZero();
                            assertThat(good.weight()).isEqualTo(0.9 * 16);
                        });
        publish(1200, "blind"); // by an evaluator that was started again
        assertThat(standings()).extracting(Standing::held).containsExactly(true);
        assertThat(heard.get(heard.size() - 1).oldDomain().orElseThrow().weight())
                .isEqualTo(2 * 0.9 * 16);
        assertThat(Json.read(Json.write(heard.get(0)), Evaluation.class)).isEqualTo(heard.get(0));
    }

    @Test
    void evaluateOnce_oldDomainWithTooFewImages_refusedByTheTopicsName() {
        oldProbe = "older";
        pushProbe(60);
        publish(0, "seeing");
        try (Evaluator evaluator = open()) {
            assertThatThrownBy(evaluator::evaluateOnce)
                    .isInstanceOf(UserException.class)
                    .hasMessageContaining("the topic older has 0 labelled images")
                    .hasMessageContaining("guard.old-probe");
        }
    }

    @Test
    void weight_overAndWithinTheBudget_isBounded() {
        GuardConfig guard = new ConfigLoader()
                .assignments(List.of("guard.weight=2", "guard.max-weight=7", "guard.budget=1"))
                .load()
                .guard();
        OldBudget rule = new OldBudget(guard);
        assertThat(rule.weight(2, 1.1)).isEqualTo(4);
        assertThat(rule.weight(4, 1.1)).isEqualTo(7);
        assertThat(rule.weight(7, 0.6)).as("within, and not well within").isEqualTo(7);
        assertThat(rule.weight(7, 0.5)).isEqualTo(0.9 * 7);
        assertThat(rule.weight(2.1, -3)).isEqualTo(2);
    }

    private Optional<OldProbe> old(MillraceConfig config) {
        if (oldProbe.isEmpty()) {
            return Optional.empty();
        }
        TopicPartition partition = new TopicPartition(oldProbe, 0);
        List<ConsumerRecord<byte[], byte[]>> images = new ArrayList<>();
        for (int i = 0; oldProbe.equals("old") && i < 60; i++) {
            RecordHeaders headers = new RecordHeaders();
            headers.add(ImageHeaders.LABEL, (i % 2 == 0 ? "bus" : "tram").getBytes(StandardCharsets.UTF_8));
            images.add(new ConsumerRecord<>(
                    partition.topic(),
                    0,
                    i,
                    i,
                    TimestampType.CREATE_TIME,
                    1,
                    2,
                    ("old-" + i).getBytes(StandardCharsets.UTF_8),
                    new byte[] {(byte) (i % 2), (byte) i},
                    headers,
                    Optional.empty()));
        }
        MockConsumer<byte[], byte[]> reader = new MockConsumer<>(StrategyType.NONE.toString());
        Node node = Node.noNode();
        reader.updatePartitions(
                oldProbe, List.of(new PartitionInfo(oldProbe, 0, node, new Node[] {node}, new Node[] {node})));
        reader.updateBeginningOffsets(Map.of(partition, 0L));
        reader.updateEndOffsets(Map.of(partition, (long) images.size()));
        reader.schedulePollTask(() -> images.forEach(reader::addRecord));
        return Optional.of(new OldProbe(config, reader, file -> true, Clock.systemUTC()));
    }

    @Test
    void evaluateOnce_onAShorterProbeTopic_buildsTheSetAnew() {
        pushProbe(80);
        try (Evaluator evaluator = open()) {
            assertThat(evaluator.evaluateOnce()).isEmpty();
        }
        log.clear();
        pushProbe(60);
        publish(0, "seeing");
        try (Evaluator evaluator = open()) {
            Evaluation evaluation = evaluator.evaluateOnce().get(0);
            assertThat(evaluation.trainImages() + evaluation.testImages()).isEqualTo(60);
        }
    }

    @Test
    void evaluateOnce_withTooFewImages_saysWhatIsMissing() {
        pushProbe(12);
        publish(0, "blind");
        try (Evaluator evaluator = open()) {
            assertThatThrownBy(evaluator::evaluateOnce)
                    .isInstanceOf(UserException.class)
                    .hasMessageStartingWith("the topic probe has 12 labelled images, and 0 classes with at least 10")
                    .hasMessageContaining("millrace push --to probe");
        }
    }

    @Test
    void evaluateOnce_withoutTheTopics_saysWhich() {
        try (Evaluator evaluator = open()) {
            consumer.updatePartitions("probe", List.of());
            assertThatThrownBy(evaluator::evaluateOnce)
                    .isInstanceOf(UserException.class)
                    .hasMessageStartingWith("the topic probe does not exist");
        }
    }

    @Test
    void evaluateOnce_withEncodersThatCannotBeScored_skipsThem() {
        pushProbe(60);
        publish(0, "diverged");
        publish(400, "other");
        publish(800, "seeing");
        try (Evaluator evaluator = open()) {
            assertThat(evaluator.evaluateOnce()).extracting(Evaluation::version).containsExactly(800L);
        }
        assertThat(encoders.open).isZero();
    }

    @Test
    void run_whileImagesAndEncodersArrive_evaluatesThemUntilClosed() throws Exception {
        pushProbe(12);
        publish(0, "blind");
        Evaluator evaluator = open();
        Thread thread = new Thread(evaluator::run);
        thread.start();
        assertThat(heard).isEmpty();
        int before = records(PROBE).size();
        pushProbe(60);
        deliver(PROBE, before);
        await(1);
        before = records(ENCODERS).size();
        publish(400, "seeing");
        deliver(ENCODERS, before);
        await(2);
        evaluator.close();
        thread.join();
        assertThat(heard).extracting(Evaluation::version).containsExactly(0L, 400L);
        assertThat(heard.get(0).trainImages() + heard.get(0).testImages()).isEqualTo(60);
    }

    @Test
    void run_interrupted_returnsWithTheFlagSet() throws Exception {
        pushProbe(60);
        boolean[] flag = new boolean[1];
        try (Evaluator evaluator = open()) {
            Thread thread = new Thread(() -> {
                evaluator.run();
                flag[0] = Thread.currentThread().isInterrupted();
            });
            thread.start();
            thread.interrupt();
            thread.join();
        }
        assertThat(flag[0]).isTrue();
    }

    /** Of what is evaluated now; the topic has it afterwards. */
    private List<Standing> standings() {
        try (Evaluator evaluator = open()) {
            List<Evaluation> done = evaluator.evaluateOnce();
            done.forEach(evaluation -> append(EVALUATIONS, "" + evaluation.version(), Json.write(evaluation), null));
            return done.stream()
                    .map(evaluation -> evaluation.standing().orElseThrow())
                    .toList();
        }
    }

    private Evaluator open() {
        return open(0);
    }

    /** Over a consumer that holds the log; the probe's begins at the offset. */
    private Evaluator open(long probeBeginning) {
        return open(probeBeginning, heard::add);
    }

    private Evaluator open(long probeBeginning, EvaluationListener listener) {
        rereads.set(false);
        consumer = new MockConsumer<>(StrategyType.NONE.toString()) {
            @Override
            public synchronized void seekToBeginning(Collection<TopicPartition> partitions) {
                super.seekToBeginning(partitions);
                rereads.set(true);
            }
        };
        producer = producer();
        for (TopicPartition partition : List.of(PROBE, ENCODERS, EVALUATIONS, SPACES)) {
            Node node = Node.noNode();
            consumer.updatePartitions(
                    partition.topic(),
                    List.of(new PartitionInfo(partition.topic(), 0, node, new Node[] {node}, new Node[] {node})));
            List<ConsumerRecord<byte[], byte[]>> records = records(partition);
            long beginning = partition.equals(PROBE) ? probeBeginning : 0;
            consumer.updateBeginningOffsets(Map.of(partition, beginning));
            consumer.updateEndOffsets(Map.of(partition, beginning + records.size()));
        }
        List<ConsumerRecord<byte[], byte[]>> snapshot =
                log.values().stream().flatMap(List::stream).toList();
        consumer.schedulePollTask(() -> snapshot.forEach(consumer::addRecord));
        MillraceConfig config = new ConfigLoader()
                .assignments(List.of(
                        "run.data=" + data,
                        "evaluator.batch-size=7",
                        "evaluator.churn-budget=" + budget,
                        "guard.old-probe=" + oldProbe,
                        "evaluator.spaces=" + spaces))
                .load();
        return new Evaluator(config, consumer, producer, old(config), encoders, listener, Clock.systemUTC());
    }

    private void pushProbe(int until) {
        int from = records(PROBE).size();
        for (int i = from; i < until; i++) {
            append(PROBE, "image-" + i, new byte[] {(byte) (i % 2), (byte) i}, i % 2 == 0 ? "cat" : "dog");
        }
    }

    private void publish(long version, String file) {
        EncoderConfig encoder = new ConfigLoader()
                .assignments(List.of("encoder.mean=0.5", "encoder.standard-deviation=0.25"))
                .load()
                .encoder();
        EncoderRecords.of(
                        ENCODERS.topic(),
                        file.getBytes(StandardCharsets.UTF_8),
                        (bytes, chunks, sha256) -> new EncoderManifest(
                                1, "main", version, version, version * 128, encoder, bytes, chunks, sha256, 1))
                .forEach(record ->
                        append(ENCODERS, new String(record.key(), StandardCharsets.UTF_8), record.value(), null));
    }

    private void append(TopicPartition partition, String key, byte @Nullable [] value, @Nullable String label) {
        List<ConsumerRecord<byte[], byte[]>> records = records(partition);
        RecordHeaders headers = new RecordHeaders();
        if (label != null) {
            ImageHeaders.put(headers, ImageHeaders.LABEL, label);
        }
        byte[] id = key.getBytes(StandardCharsets.UTF_8);
        records.add(new ConsumerRecord<>(
                partition.topic(),
                0,
                records.size(),
                0,
                TimestampType.CREATE_TIME,
                0,
                0,
                id,
                value,
                headers,
                Optional.empty()));
    }

    /** Adds what the log has gained since. */
    private void deliver(TopicPartition partition, int from) {
        List<ConsumerRecord<byte[], byte[]>> fresh =
                List.copyOf(records(partition).subList(from, records(partition).size()));
        consumer.schedulePollTask(() -> fresh.forEach(consumer::addRecord));
    }

    private List<ConsumerRecord<byte[], byte[]>> records(TopicPartition partition) {
        return log.computeIfAbsent(partition, created -> new ArrayList<>());
    }

    private void await(int evaluations) throws InterruptedException {
        while (heard.size() < evaluations) {
            Thread.sleep(10);
        }
    }

    private static MockProducer<byte[], byte[]> producer() {
        return new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer());
    }
}
