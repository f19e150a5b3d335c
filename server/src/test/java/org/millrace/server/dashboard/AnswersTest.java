package org.millrace.server.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.DriftEvent;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.event.Json;
import org.millrace.contract.event.ModelDrift;
import org.millrace.contract.event.ModelDrift.Against;
import org.millrace.contract.event.RunStarted;
import org.millrace.contract.event.SpaceScores;
import org.millrace.contract.event.Standing;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.kafka.LogIdentity;
import org.millrace.contract.service.Role;
import org.millrace.server.dashboard.Answer.Question;
import org.millrace.server.dashboard.Answer.Tone;

class AnswersTest {
    private static final MillraceConfig CONFIG = new ConfigLoader().load();
    private static final long HOUR = 3_600_000;
    private static final long NOW = 100 * HOUR;
    private static final int IMAGES = 1_000; // held out

    private final RunView view = new RunView(CONFIG);
    private final List<Role> roles = new ArrayList<>();
    private final List<String> unusual = new ArrayList<>();
    private DiskSpace disk = DiskSpace.UNKNOWN;
    private OptionalDouble reading = OptionalDouble.empty();
    private boolean brokerAnswers = true;
    private Map<String, Long> unreadable = Map.of();
    private long lag = 7;
    private OptionalDouble arriving = OptionalDouble.of(80);
    private OptionalDouble training = OptionalDouble.of(100);

    @Test
    void of_emptyRun_knowsNothingAndSaysWhatItTakes() {
        assertThat(answers()).extracting(Answer::tone).containsOnly(Tone.WAIT);
        assertThat(answers()).extracting(Answer::question).containsExactly(Question.values());
        assertThat(answer(Question.LEARNING).words()).contains("labelled images");
        assertThat(answer(Question.TROUBLE).words()).contains("no trainer has started");
    }

    @Test
    void of_historyBeingRead_claimsNothing() {
        score(0, 0, 0.3);
        score(400, 2 * HOUR, 0.5);
        reading = OptionalDouble.of(0.5);
        assertThat(answer(Question.LEARNING)).extracting(Answer::tone).isEqualTo(Tone.WAIT);
        assertThat(answer(Question.LEARNING).words()).contains("Reading");
    }

    // Newcombe's method 10 of 500 and 300 of 1,000, computed apart from this code: .15752 to .24145
    @Test
    void learning_scoresAboveUntrained_pointsWithTheirInterval() {
        score(0, 0, 0.3);
        score(400, HOUR / 2, 0.5);
        assertThat(answer(Question.LEARNING).tone()).isEqualTo(Tone.GOOD);
        assertThat(answer(Question.LEARNING).words())
                .isEqualTo(
                        "Yes: +20.0 points (95 %: +15.8 to +24.1) beside the untrained encoder's 30.0 %, encoder 400.");
    }

    @ParameterizedTest
    @CsvSource({"0.305, WARN, Not shown: +0.5", "0.2, BAD, 'No, it is worse than no training: −10.0'"})
    void learning_noBetterThanUntrained_saysSo(double accuracy, Tone tone, String begin) {
        score(0, 0, 0.3);
        score(400, HOUR / 2, accuracy);
        assertThat(answer(Question.LEARNING).tone()).isEqualTo(tone);
        assertThat(answer(Question.LEARNING).words()).startsWith(begin);
    }

    @Test
    void learning_fellWithinTheHour_warnsAndShowsHourAndDay() {
        score(0, 0, 0.3);
        score(400, HOUR, 0.45);
        score(800, 29 * HOUR, 0.55);
        score(1_200, 30 * HOUR, 0.48);
        Answer answer = answer(Question.LEARNING);
        assertThat(answer.tone()).isEqualTo(Tone.WARN);
        assertThat(answer.words()).contains("Over its last hour −7.0 (", "Over its last day +3.0 (");
    }

    @Test
    void learning_probeSetGrew_isNotComparedWithScoresOnFewerImages() {
        view.add(score(0, 0, 0.3, 500, Optional.empty()));
        score(400, HOUR, 0.5);
        assertThat(answer(Question.LEARNING).tone()).isEqualTo(Tone.NOTE);
        assertThat(answer(Question.LEARNING).words()).contains("no score of the untrained one");
    }

    @Test
    void learning_hundredsOfScores_untrainedOneIsStillKnown() {
        score(0, 0, 0.3);
        for (int version = 1; version <= 2_000; version++) {
            score(version, version * 1_000L, 0.5);
        }
        assertThat(answer(Question.LEARNING).words()).startsWith("Yes: +20.0 points");
    }

    @Test
    void world_alarmRaised_saysSinceWhenAndHow() {
        report("DRIFT", "\"attribution\":{\"version\":3,\"images\":64,\"ofImages\":3,\"ofEncoder\":1},");
        alarm("RAISED");
        Answer answer = answer(Question.WORLD);
        assertThat(answer.tone()).isEqualTo(Tone.BAD);
        assertThat(answer.words())
                .isEqualTo(
                        "Yes: the images differ from the reference by mmd, cusum; 75 % of the change is theirs, not the"
                                + " encoder's. Pictures of both below.");
        assertThat(answer.sinceMillis()).contains(5_000L);
        alarm("ACKNOWLEDGED");
        assertThat(answer(Question.WORLD).tone()).isEqualTo(Tone.WARN);
        alarm("CLEARED");
        report("STABLE", "");
        assertThat(answer(Question.WORLD).tone()).isEqualTo(Tone.GOOD);
    }

    @ParameterizedTest
    @CsvSource({"STABLE, GOOD", "REFERENCE, WAIT", "NOT_ENOUGH, WAIT", "UNUSABLE, WARN", "DRIFT, WARN"})
    void world_withoutAlarm_isTheNewestWindow(String verdict, Tone tone) {
        report(verdict, "");
        assertThat(answer(Question.WORLD).tone()).isEqualTo(tone);
    }

    @Test
    void model_moved_saysAgainstWhich() {
        score(0, 0, 0.3);
        var drift = new ModelDrift(
                900,
                10,
                List.of(
                        new Against(ModelDrift.Role.CURRENT, 400, OptionalDouble.of(0.9), OptionalDouble.empty(), 0.25),
                        new Against(ModelDrift.Role.FIRST, 0, OptionalDouble.of(0.4), OptionalDouble.empty(), 0.75)));
        view.add(score(800, HOUR, 0.5, IMAGES, Optional.of(drift)));
        Answer answer = answer(Question.MODEL);
        assertThat(answer.tone()).isEqualTo(Tone.NOTE);
        assertThat(answer.words())
                .isEqualTo(
                        "Encoder 800 replaces 25 % of an image's 10 nearest neighbours against encoder 400, and 75 % against"
                                + " encoder 0.");
    }

    @Test
    void model_indexOfAnEarlierEncoder_saysWhatItLosesWithAndWithoutTheAdapter() {
        score(0, 0, 0.3);
        var against = new Against(ModelDrift.Role.FIRST, 0, OptionalDouble.empty(), OptionalDouble.empty(), 0.5);
        var adapter = new SpaceScores.Adapter(
                SpaceScores.Kind.SIMILARITY, 64, 600, OptionalDouble.empty(), 0.91, 0.9, 0.95, 0.1);
        var space = new SpaceScores(
                0, 1_000, 200, 10, OptionalDouble.of(0.62), 0.5, Optional.of(adapter), Optional.empty());
        view.add(score(800, HOUR, 0.5, IMAGES, Optional.of(new ModelDrift(900, 10, List.of(against))))
                .withSpace(space));
        assertThat(answer(Question.MODEL).words())
                .endsWith(
                        "An index of encoder 0 returns 62 % of its own neighbours to this one's queries, 91 % through the"
                                + " adapter.");
    }

    @Test
    void trouble_running_isNoneAndSaysTheRate() {
        trained(NOW - 1_000);
        assertThat(answer(Question.TROUBLE).tone()).isEqualTo(Tone.GOOD);
        assertThat(answer(Question.TROUBLE).words()).isEqualTo("No: 100 images/s are trained, 7 wait.");
    }

    @Test
    void trouble_noStepThoughImagesWait_isStuckSince() {
        trained(NOW - HOUR);
        lag = CONFIG.trainer().batchSize();
        training = OptionalDouble.empty();
        assertThat(answer(Question.TROUBLE).words()).startsWith("No step, though 128 images wait");
        assertThat(answer(Question.TROUBLE).sinceMillis()).contains(NOW - HOUR);
        lag--; // less than a batch: it has to wait
        assertThat(answer(Question.TROUBLE).tone()).isEqualTo(Tone.GOOD);
    }

    @Test
    void trouble_several_worstFirstAndHowManyMore() {
        trained(NOW - 1_000);
        arriving = OptionalDouble.of(200);
        lag = 100_000;
        assertThat(answer(Question.TROUBLE).words())
                .startsWith("It falls behind: 200 images/s arrive, 100 are trained");
        unreadable = Map.of("main.steps", 3L);
        assertThat(answer(Question.TROUBLE).words()).endsWith("And one more thing.");
        DiskSpace.Part over = new DiskSpace.Part(
                DiskSpace.What.BROKER, 1L << 30, OptionalLong.of(600L << 20), OptionalDouble.empty());
        disk = new DiskSpace(OptionalLong.of(1L << 39), OptionalLong.of(1L << 40), List.of(over));
        assertThat(answer(Question.TROUBLE).words())
                .isEqualTo("The embedded broker takes 1024 of 600 MiB; the log says what may go. And 2 more things.");
        disk = new DiskSpace(OptionalLong.of(1L << 29), OptionalLong.of(1L << 40), List.of());
        Answer answer = answer(Question.TROUBLE);
        assertThat(answer.tone()).isEqualTo(Tone.BAD);
        assertThat(answer.words())
                .isEqualTo("The disk of the run's folder is almost full: 0.5 GiB are free. And 2 more things.");
        roles.add(new Role("drift", Role.State.WAITING, 3)); // a warning, after the disk
        assertThat(answer(Question.TROUBLE).words()).startsWith("The disk");
        brokerAnswers = false;
        assertThat(answer(Question.TROUBLE).words()).startsWith("The broker does not answer");
    }

    @Test
    void trouble_workaroundOfTheSelfTest_isANote() {
        trained(NOW - 1_000);
        unusual.add("resnet18 at 64×64×3 is computed with 1×1 convolutions as matrix products, which passes");
        assertThat(answer(Question.TROUBLE).tone()).isEqualTo(Tone.NOTE);
    }

    private void score(long version, long atMillis, double accuracy) {
        view.add(score(version, atMillis, accuracy, IMAGES, Optional.empty()));
    }

    private static Evaluation score(
            long version, long atMillis, double accuracy, int testImages, Optional<ModelDrift> drift) {
        return new Evaluation(
                Evaluation.SCHEMA,
                "main",
                version,
                version,
                10,
                2,
                testImages,
                testImages,
                new Evaluation.LinearScore(accuracy, 0.1, 5, true, Optional.empty(), Optional.empty()),
                new Evaluation.NeighbourScore(accuracy, 5, 0.1, Optional.empty(), Optional.empty()),
                1,
                atMillis,
                Optional.empty(),
                drift,
                Optional.of(new Standing(Standing.Verdict.CURRENT, OptionalLong.empty(), OptionalDouble.empty(), 1)),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    private void trained(long atMillis) {
        view.add(new RunStarted(
                1, 0, "session", "host", "engine", new LogIdentity("cluster", "topic"), Map.of(), atMillis));
        view.add(new StepDone(
                1,
                1,
                128,
                0,
                Optional.empty(),
                Optional.empty(),
                2,
                0.5,
                OptionalDouble.empty(),
                0.03,
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                64,
                64,
                OptionalDouble.empty(),
                OptionalInt.empty(),
                Optional.empty(),
                Map.of(),
                Optional.empty(),
                atMillis));
    }

    private void report(String verdict, String more) {
        drift("""
                {"type":"report","schema":2,"run":"main","source":null,"encoderVersion":1,"fromMillis":0,"toMillis":1000,
                 "images":64,"referenceImages":512,"verdict":"%s",%s"reason":"its images are all alike","detectors":[]}""".formatted(verdict, more));
    }

    private void alarm(String state) {
        drift("""
                {"type":"alarm","schema":2,"run":"main","source":null,"state":"%s","windowFromMillis":5000,
                 "detectors":["mmd","cusum"],"note":"","atMillis":9}""".formatted(state));
    }

    private void drift(String json) {
        view.add(Json.read(json.getBytes(StandardCharsets.UTF_8), DriftEvent.class));
    }

    private Answer answer(Question question) {
        return answers().stream()
                .filter(answer -> answer.question() == question)
                .findFirst()
                .orElseThrow();
    }

    private List<Answer> answers() {
        var progress = new RunView.ReadProgress(reading, brokerAnswers, List.of(), unreadable);
        var stream = new Sections.Stream("images", 1, Optional.of(27L), Optional.of(lag), arriving, training);
        return Answers.of(view.facts(progress, stream, NOW), view.scores(), roles, unusual, disk);
    }
}
