package org.millrace.contract.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.config.ConfigLoader;

final class JsonTest {
    private static final StepPlan PLAN =
            new StepPlan(7, List.of(new OffsetRange(0, 10, 20), new OffsetRange(2, 5, 5_000_000_000L)), 16);
    private static final StepDone DONE = new StepDone(
            JournalEvent.SCHEMA,
            7,
            896,
            3,
            Optional.empty(),
            Optional.of(new StepImages(
                    2,
                    List.of(
                            new StepImages.Trained(new ImageOffset(0, 3), Optional.empty()),
                            new StepImages.Trained(new ImageOffset(0, 7), Optional.of(new ImageOffset(0, 9)))))),
            4.25,
            Double.NaN,
            OptionalDouble.empty(),
            0.03,
            OptionalDouble.of(0.99),
            OptionalDouble.of(0.375),
            896,
            512,
            OptionalDouble.of(0.75),
            OptionalInt.of(3),
            Optional.of(new StepHealth(
                    Optional.of(new Health(128, 64, 0.1, 20.5, 40.25, Optional.empty(), -2.5)),
                    OptionalDouble.of(0.25),
                    Optional.of(new DictionaryHealth(
                            512,
                            new DictionaryHealth.Ages(1.5, 2, 3),
                            Optional.of(new DictionaryHealth.Consistency(0.75, 128, 2)))))),
            Map.of("views", 1.5, "step", 20.25),
            Optional.of("ab12"),
            99);

    @Test
    void read_planWritten_same() {
        assertThat(Json.read(Json.write(PLAN), JournalEvent.class)).isEqualTo(PLAN);
        assertThat(PLAN.fresh()).isTrue();
        assertThat(new StepPlan(8, List.of(), 0).fresh()).isFalse();
    }

    @Test
    void read_doneWritten_sameWithNotANumber() {
        assertThat(Json.read(Json.write(DONE), JournalEvent.class)).isEqualTo(DONE);
    }

    @Test
    void read_doneWithoutDigestAndHealth_asOlderWritersLeftIt_hasNone() {
        String older = "{\"type\":\"done\",\"schema\":1,\"step\":7,\"stageMillis\":{}}";
        var done = (StepDone) Json.read(bytes(older), JournalEvent.class);
        assertThat(done.digest()).isEmpty();
        assertThat(done.images()).isEmpty();
        assertThat(done.health()).isEmpty();
    }

    @Test
    void read_driftOrderWithControlCharacters_escapesThem() {
        String forged =
                "{\"schema\":1,\"kind\":\"ACKNOWLEDGE\",\"source\":\"\\u001b[31mX\\nforged\",\"note\":\"a\\rb\","
                        + "\"atMillis\":1}";
        DriftOrder order = Json.read(bytes(forged), DriftOrder.class);
        assertThat(order.source().orElseThrow()).doesNotContain("\u001b", "\n").contains("[31mX", "forged");
        assertThat(order.note()).doesNotContain("\r").startsWith("a").endsWith("b");
        String counts = "{\"seen\":2,\"skipped\":1,\"sources\":{\"a\\u001bb\":{\"seen\":2,\"skipped\":1}}}";
        assertThat(Json.read(bytes(counts), GateCounts.class).sources().keySet())
                .singleElement()
                .asString()
                .doesNotContain("\u001b");
    }

    @Test
    void write_plan_wireFormPinned() {
        assertThat(new String(
                        Json.write(new StepPlan(1, List.of(new OffsetRange(0, 0, 8)), 8)), StandardCharsets.UTF_8))
                .isEqualTo(
                        "{\"type\":\"plan\",\"schema\":1,\"step\":1,\"ranges\":[{\"partition\":0,\"from\":0,\"to\":8}],\"images\":8}");
    }

    @Test
    void read_fieldsOfANewerWriter_ignored() {
        String newer = "{\"type\":\"plan\",\"schema\":2,\"step\":3,\"rank\":1,\"ranges\":"
                + "[{\"partition\":0,\"from\":1,\"to\":2,\"epoch\":9}],\"images\":1,\"note\":{\"a\":[1]}}";
        assertThat(Json.read(bytes(newer), JournalEvent.class))
                .isEqualTo(new StepPlan(2, 3, List.of(new OffsetRange(0, 1, 2)), 1, 0, Optional.empty()));
    }

    @Test
    void read_planWithSignals_same() {
        var plan = new StepPlan(4, List.of(), 0)
                .with(Optional.of(new Signals(OptionalDouble.of(3.5), OptionalDouble.empty(), Optional.empty())));
        assertThat(Json.read(Json.write(plan), JournalEvent.class)).isEqualTo(plan);
        assertThat(new String(Json.write(new StepPlan(4, List.of(), 0)), StandardCharsets.UTF_8))
                .as("of a run that takes none")
                .doesNotContain("signals");
    }

    @Test
    void read_manifestWritten_same() {
        var manifest = new EncoderManifest(
                EncoderManifest.SCHEMA,
                "main",
                400,
                400,
                51_200,
                new ConfigLoader().load().encoder(),
                9,
                1,
                "ab",
                5);
        assertThat(Json.read(Json.write(manifest), EncoderManifest.class)).isEqualTo(manifest);
        String text = new String(Json.write(manifest), StandardCharsets.UTF_8);
        for (String changed :
                List.of(text.replaceAll(",\"publishedAtMillis\":5", ""), text.replace("Millis\":5", "Millis\":-5"))) {
            assertThat(changed).isNotEqualTo(text);
            assertThatThrownBy(() -> Json.read(changed.getBytes(StandardCharsets.UTF_8), EncoderManifest.class))
                    .hasMessageContaining("publishedAtMillis must be a time after 1970");
        }
    }

    @Test
    void read_evaluationWritten_same() {
        var evaluation = new Evaluation(
                Evaluation.SCHEMA,
                "main",
                400,
                400,
                51_200,
                10,
                2000,
                2000,
                new Evaluation.LinearScore(
                        0.75, 1e-4, 80, true, Optional.of(new Interval(0.5, 0.875)), Optional.of(Comparison.ABOVE)),
                new Evaluation.NeighbourScore(0.7, 200, 0.1, Optional.empty(), Optional.of(Comparison.BELOW)),
                1.5,
                7,
                Optional.of(
                        new Health(2000, 64, 0.1, 20.5, 40.25, Optional.of(new Health.PowerLaw(1.25, 4, 64)), -2.5)),
                Optional.of(new ModelDrift(
                        1000,
                        10,
                        List.of(
                                new ModelDrift.Against(
                                        ModelDrift.Role.PREVIOUS,
                                        200,
                                        OptionalDouble.of(0.75),
                                        OptionalDouble.of(0.5),
                                        0.25),
                                new ModelDrift.Against(
                                        ModelDrift.Role.FIRST, 0, OptionalDouble.empty(), OptionalDouble.empty(), 1)))),
                Optional.of(new Standing(Standing.Verdict.HELD, OptionalLong.of(200), OptionalDouble.of(0.25), 0.125)),
                Optional.empty(),
                Optional.of(new BucketScores(
                        "label",
                        10_000,
                        List.of(
                                new BucketScores.Score("cat, dog", 50, OptionalDouble.of(0.5), OptionalDouble.of(0.75)),
                                new BucketScores.Score("ship", 3, OptionalDouble.empty(), OptionalDouble.empty())))),
                Optional.empty(),
                Optional.empty());
        assertThat(Json.read(Json.write(evaluation), Evaluation.class)).isEqualTo(evaluation);
        assertThat(Json.read(Json.write(evaluation), EvaluationEvent.class)).isEqualTo(evaluation);
        assertThat(Json.read(bytes(Json.writePretty(evaluation)), Evaluation.class))
                .isEqualTo(evaluation);
    }

    @Test
    void read_evaluationOfAnOlderWriter_hasNoHealth() {
        String older =
                "{\"schema\":1,\"run\":\"main\",\"version\":400,\"step\":400,\"imagesTrained\":51200,\"classes\":10,"
                        + "\"trainImages\":2000,\"testImages\":2000,"
                        + "\"linear\":{\"accuracy\":0.75,\"l2\":1.0E-4,\"iterations\":80,\"converged\":true},"
                        + "\"neighbours\":{\"accuracy\":0.7,\"k\":200,\"temperature\":0.1},"
                        + "\"seconds\":1.5,\"evaluatedAtMillis\":7}";
        Evaluation evaluation = Json.read(bytes(older), Evaluation.class);
        assertThat(evaluation.health()).isEmpty();
        assertThat(evaluation.standing()).isEmpty();
        assertThat(Json.read(bytes(older), EvaluationEvent.class)).isEqualTo(evaluation);
        assertThat(evaluation.evaluatedAtMillis()).isEqualTo(7);
    }

    @Test
    void read_encoderAcceptedWritten_same() {
        var accepted = new EncoderAccepted(EncoderAccepted.SCHEMA, "main", 400, 7);
        assertThat(Json.read(Json.write(accepted), EvaluationEvent.class)).isEqualTo(accepted);
    }

    @Test
    void read_encoderRevocation_sameAndLeftOutByReadersThatDoNotKnowIt() {
        var revoked = new EncoderRevocation(
                EncoderRevocation.SCHEMA, "main", 400, EncoderRevocation.State.REVOKED, "wrong objective", 7);
        byte[] json = Json.write(revoked);
        assertThat(Json.read(json, EvaluationEvent.class)).isEqualTo(revoked);
        // a release without this type takes any type that it does not know for an evaluation
        assertThatThrownBy(() -> Json.read(json, Evaluation.class)).isInstanceOf(UncheckedIOException.class);
        byte[] unknown = bytes("{\"type\":\"of-a-later-release\",\"schema\":1,\"run\":\"main\",\"version\":400}");
        assertThatThrownBy(() -> Json.read(unknown, EvaluationEvent.class))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("an evaluation of encoder 400 must have scores");
    }

    @Test
    void read_healthWithoutPowerLaw_same() {
        var health = new Health(30, 2, 0.5, 1.5, 1.75, Optional.empty(), -0.5);
        assertThat(Json.read(Json.write(health), Health.class)).isEqualTo(health);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "plan",
                "{\"type\":\"plan\"",
                "{\"type\":\"pause\",\"step\":1}",
                "{\"step\":1,\"ranges\":[],\"images\":0}",
                "{\"type\":\"plan\",\"schema\":1,\"step\":0,\"ranges\":[],\"images\":0}",
                "{\"type\":\"plan\",\"schema\":1,\"step\":1,\"images\":0}",
            })
    void read_notThatEvent_saysWhatWasWanted(String json) {
        assertThatThrownBy(() -> Json.read(bytes(json), JournalEvent.class))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageStartingWith("no journal event: ");
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
