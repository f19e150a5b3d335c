package org.millrace.contract.event;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.kafka.LogIdentity;

final class RecordReaderTest {
    private static final int RANDOM_RECORDS = 300;
    private static final LogIdentity LOG = new LogIdentity("cluster", "topic");
    private static final Health HEALTH =
            new Health(128, 64, 0.1, 20.5, 40.25, Optional.of(new Health.PowerLaw(1.25, 4, 64)), -2.5);

    /** One event of each kind, with every field that it can have. */
    static List<Topic> topics() {
        return List.of(
                new Topic(JournalEvent.class, new StepPlan(7, List.of(new OffsetRange(0, 10, 20)), 8)),
                new Topic(
                        JournalEvent.class,
                        new StepDone(
                                1,
                                7,
                                56,
                                0,
                                Optional.empty(),
                                Optional.of(new StepImages(
                                        2,
                                        List.of(
                                                new StepImages.Trained(new ImageOffset(0, 3), Optional.empty()),
                                                new StepImages.Trained(
                                                        new ImageOffset(0, 7), Optional.of(new ImageOffset(0, 9)))))),
                                4.25,
                                0.5,
                                OptionalDouble.empty(),
                                0.03,
                                OptionalDouble.of(0.99),
                                OptionalDouble.of(0.375),
                                56,
                                56,
                                OptionalDouble.of(0.5),
                                OptionalInt.of(0),
                                Optional.of(new StepHealth(
                                        Optional.of(HEALTH),
                                        OptionalDouble.of(0.25),
                                        Optional.of(new DictionaryHealth(
                                                512,
                                                new DictionaryHealth.Ages(1.5, 2, 3),
                                                Optional.of(new DictionaryHealth.Consistency(0.75, 128, 2)))))),
                                Map.of("views", 1.5),
                                Optional.of("ab12"),
                                99)),
                new Topic(
                        JournalEvent.class,
                        new RunStarted(1, 7, "session", "host 1", "engine", LOG, Map.of("run.name", "main"), 5)),
                new Topic(JournalEvent.class, new StreamSkipped(1, 7, Map.of(0, 5L), LOG, "gone", 5)),
                new Topic(EvaluationEvent.class, evaluation()),
                new Topic(EvaluationEvent.class, new EncoderAccepted(1, "main", 7, 5)),
                new Topic(
                        EncoderManifest.class,
                        new EncoderManifest(
                                1, "main", 7, 7, 56, new ConfigLoader().load().encoder(), 9, 1, "ab", 5)),
                new Topic(
                        DriftEvent.class,
                        new DriftReport(
                                2,
                                "main",
                                Optional.of("gate"),
                                7,
                                0,
                                1_000,
                                64,
                                256,
                                DriftReport.Verdict.DRIFT,
                                List.of(new DriftReport.Detection("mmd", 0.5, OptionalDouble.of(0.25), 0.5, true)),
                                OptionalDouble.of(0.5),
                                Optional.of(new Attribution(9, 64, 1, 2)),
                                Optional.of("why"))),
                new Topic(
                        DriftEvent.class,
                        new DriftAlarm(
                                2, "main", Optional.of("gate"), DriftAlarm.State.RAISED, 0, List.of("mmd"), "note", 5)),
                new Topic(DriftOrder.class, new DriftOrder(1, DriftOrder.Kind.REBASE, Optional.of("gate"), "note", 5)));
    }

    /** What a topic's reader wants, and a record of it. */
    record Topic(Class<?> type, Object event) {
        @Override
        public String toString() {
            return event.getClass().getSimpleName();
        }
    }

    @ParameterizedTest
    @MethodSource("topics")
    void read_forgedRecords_isAWholeEventOrCountedAndTheNextIsRead(Topic topic) {
        RecordReader<?> reader = RecordReader.ofJson(topic.type());
        long offset = 0;
        for (byte[] forged : ForgedRecords.of(topic.event())) {
            assertThatItIsReadOrCounted(reader, topic, offset++, forged, "the forged record");
        }
        assertThat(reader.unreadable()).as("of " + offset).isGreaterThan(100);
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < RANDOM_RECORDS; i++) {
            byte[] bytes = ForgedRecords.random(topic.event(), random);
            assertThatItIsReadOrCounted(reader, topic, offset++, bytes, "seed " + seed);
        }
        assertThat(reader.read(record(offset, Json.write(topic.event())))).isEqualTo(Optional.of(topic.event()));
    }

    /** Events that are whole and of which one number cannot be: kind of the event, what stands in its JSON, and what instead. */
    @ParameterizedTest
    @CsvSource({
        "Evaluation, '\"version\":7', '\"version\":-7'",
        "Evaluation, '\"step\":7', '\"step\":-7'",
        "Evaluation, '\"imagesTrained\":56', '\"imagesTrained\":-56'",
        "Evaluation, '\"classes\":10', '\"classes\":0'",
        "Evaluation, '\"trainImages\":200', '\"trainImages\":0'",
        "Evaluation, '\"testImages\":200', '\"testImages\":0'",
        "Evaluation, '\"testImages\":200', '\"testImages\":3000000000'",
        "Evaluation, '\"seconds\":1.5', '\"seconds\":\"NaN\"'",
        "Evaluation, '\"accuracy\":0.75', '\"accuracy\":1.5'",
        "Evaluation, '\"accuracy\":0.75', '\"accuracy\":\"NaN\"'",
        "Evaluation, '\"accuracy\":0.7,', '\"accuracy\":-0.7,'",
        "Evaluation, '\"l2\":1.0E-4', '\"l2\":-1'",
        "Evaluation, '\"iterations\":80', '\"iterations\":-80'",
        "Evaluation, '\"k\":200', '\"k\":0'",
        "Evaluation, '\"temperature\":0.1', '\"temperature\":0'",
        "Evaluation, '\"high\":0.875', '\"high\":1.875'",
        "Evaluation, '\"low\":0.5', '\"low\":0.9'",
        "Evaluation, '\"rankMe\":20.5', '\"rankMe\":-20.5'",
        "Evaluation, '\"featureStd\":0.1', '\"featureStd\":-0.1'",
        "Evaluation, '\"anchors\":100', '\"anchors\":0'",
        "Evaluation, '\"churn\":0.25}]', '\"churn\":1.25}]'",
        "Evaluation, '\"version\":2,', '\"version\":-2,'",
        "Evaluation, '\"against\":2', '\"against\":-2'",
        "Evaluation, '\"churn\":0.25,', '\"churn\":-0.25,'",
        "Evaluation, '\"budget\":0.125', '\"budget\":1.125'",
        "Evaluation, '\"images\":50', '\"images\":-50'",
        "Evaluation, '\"linear\":0.5', '\"linear\":1.5'",
        "EncoderAccepted, '\"version\":7', '\"version\":-7'",
        "EncoderManifest, '\"step\":7', '\"step\":8'",
        "EncoderManifest, '\"imagesTrained\":56', '\"imagesTrained\":-56'",
        "EncoderManifest, '\"bytes\":9', '\"bytes\":-9'",
        "EncoderManifest, '\"chunks\":1', '\"chunks\":0'",
        "DriftReport, '\"encoderVersion\":7', '\"encoderVersion\":-7'",
        "DriftReport, '\"toMillis\":1000', '\"toMillis\":-1000'",
        "DriftReport, '\"images\":64,\"ref', '\"images\":-64,\"ref'",
        "DriftReport, '\"referenceImages\":256', '\"referenceImages\":-256'",
        "DriftReport, '\"pValue\":0.25', '\"pValue\":1.25'",
        "DriftReport, '\"version\":9', '\"version\":-9'",
        "DriftReport, '\"ofImages\":1.0', '\"ofImages\":-1.0'",
        "StepPlan, '\"step\":7', '\"step\":0'",
        "StepPlan, '\"from\":10', '\"from\":30'",
        "StepPlan, '\"partition\":0', '\"partition\":-1'",
        "StepPlan, '\"images\":8', '\"images\":-8'",
        "StepDone, '\"accuracy\":0.5', '\"accuracy\":1.5'",
        "StepDone, '\"learningRate\":0.03', '\"learningRate\":-0.03'",
        "StepDone, '\"imagesTrained\":56', '\"imagesTrained\":-56'",
        "StepDone, '\"spread\":0.5', '\"spread\":-0.5'",
        "StepDone, '\"keys\":512', '\"keys\":0'",
        "RunStarted, '\"step\":7', '\"step\":-7'",
        "StreamSkipped, '{\"0\":5}', '{\"0\":-5}'",
        "StreamSkipped, '{\"0\":5}', '{\"-1\":5}'",
    })
    void read_wholeEventWithANumberThatCannotBe_isUnreadable(String kind, String right, String wrong) {
        Topic topic = topics().stream()
                .filter(each -> each.toString().equals(kind))
                .findFirst()
                .orElseThrow();
        String json = new String(Json.write(topic.event()), StandardCharsets.UTF_8);
        assertThat(json).contains(right);
        RecordReader<?> reader = RecordReader.ofJson(topic.type());
        assertThat(reader.read(
                        record(1, json.replaceFirst(Pattern.quote(right), wrong).getBytes(StandardCharsets.UTF_8))))
                .isEmpty();
        assertThat(reader.latest().orElseThrow().why()).doesNotContain("org.millrace", topic.toString());
    }

    @Test
    void read_unreadable_saysWhereAndWhyInOneLine() {
        RecordReader<DriftEvent> reader = RecordReader.ofJson(DriftEvent.class);
        assertThat(reader.read(record(17, "\u001b[31mno\njson".getBytes(StandardCharsets.UTF_8))))
                .isEmpty();
        assertThat(reader.read(record(18, "null".getBytes(StandardCharsets.UTF_8))))
                .isEmpty();
        assertThat(reader.latest().orElseThrow().words())
                .isEqualTo("main.topic, partition 2, offset 18 cannot be read: no drift event: it is null");
        assertThat(reader.read(record(19, null))).isEmpty();
        assertThat(reader.latest().orElseThrow().why()).isEqualTo("it has no value");
        assertThat(reader.unreadable()).isEqualTo(3);
        assertThat(new Unreadable("t", 0, 1, "\u001b[31ma\r\nb\u2028" + "x".repeat(1_000)).why())
                .startsWith("\ufffd1B[31ma\ufffd0D\ufffd0Ab\ufffdE2\ufffd80\ufffdA8x")
                .hasSizeLessThan(250);
    }

    private static void assertThatItIsReadOrCounted(
            RecordReader<?> reader, Topic topic, long offset, byte[] bytes, String what) {
        long before = reader.unreadable();
        String shown = new String(bytes, 0, Math.min(400, bytes.length), StandardCharsets.UTF_8);
        Optional<?> read = reader.read(record(offset, bytes));
        if (read.isPresent()) {
            byte[] again = Json.write(read.get());
            assertThat(Json.write(Json.read(again, topic.type())))
                    .as("%s: %s", what, shown)
                    .isEqualTo(again);
        } else {
            assertThat(reader.unreadable()).as("%s: %s", what, shown).isEqualTo(before + 1);
        }
    }

    private static Evaluation evaluation() {
        return new Evaluation(
                1,
                "main",
                7,
                7,
                56,
                10,
                200,
                200,
                new Evaluation.LinearScore(
                        0.75,
                        1e-4,
                        80,
                        true,
                        Optional.of(new Interval(0.5, 0.875)),
                        Optional.of(Comparison.NO_DIFFERENT)),
                new Evaluation.NeighbourScore(
                        0.7, 200, 0.1, Optional.of(new Interval(0.5, 0.875)), Optional.of(Comparison.BELOW)),
                1.5,
                7,
                Optional.of(HEALTH),
                Optional.of(new ModelDrift(
                        100,
                        10,
                        List.of(new ModelDrift.Against(
                                ModelDrift.Role.PREVIOUS, 2, OptionalDouble.of(0.75), OptionalDouble.of(0.5), 0.25)))),
                Optional.of(new Standing(Standing.Verdict.HELD, OptionalLong.of(2), OptionalDouble.of(0.25), 0.125)),
                Optional.empty(),
                Optional.of(new BucketScores(
                        "label",
                        100,
                        List.of(new BucketScores.Score("cat", 50, OptionalDouble.of(0.5), OptionalDouble.empty())))),
                Optional.empty(),
                Optional.empty());
    }

    private static ConsumerRecord<byte[], byte[]> record(long offset, byte @Nullable [] value) {
        return new ConsumerRecord<>("main.topic", 2, offset, null, value);
    }
}
