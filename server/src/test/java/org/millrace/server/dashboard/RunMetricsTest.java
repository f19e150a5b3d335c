package org.millrace.server.dashboard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.millrace.contract.OutsideText;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.DictionaryHealth;
import org.millrace.contract.event.DriftEvent;
import org.millrace.contract.event.EncoderAccepted;
import org.millrace.contract.event.EncoderManifest;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.event.Health;
import org.millrace.contract.event.Json;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.OldDomain;
import org.millrace.contract.event.SpaceScores;
import org.millrace.contract.event.Standing;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.event.StepHealth;
import org.millrace.contract.event.StepImages;
import org.millrace.contract.event.StepPlan;
import org.millrace.contract.service.Role;

class RunMetricsTest {
    private static final MillraceConfig CONFIG = new ConfigLoader().load();
    private static final RunView.ReadProgress READ_UP =
            new RunView.ReadProgress(OptionalDouble.empty(), true, List.of(), Map.of());
    private static final String SOURCE = "cam \"1\"\\n\n{}é";
    private static final String SHOWN = OutsideText.visible(SOURCE);
    private static final Path OPERATIONS = Path.of("..", "ops");
    private static final Pattern METRIC = Pattern.compile("\\bmillrace_[a-z_]+");

    private static final DiskSpace DISK = new DiskSpace(
            OptionalLong.of(300),
            OptionalLong.of(1_000),
            List.of(
                    new DiskSpace.Part(DiskSpace.What.RUN, 5, OptionalLong.of(7), OptionalDouble.empty()),
                    new DiskSpace.Part(DiskSpace.What.BROKER, 9, OptionalLong.empty(), OptionalDouble.of(2))));

    private final RunView view = new RunView(CONFIG);
    private List<Role> roles = List.of();

    @Test
    void text_ofARun_hasEachFigureInItsUnit() {
        runThatKnowsAll();
        Scrape scrape = scrape(READ_UP);
        assertThat(scrape.value("millrace_images_trained_total", "main")).isEqualTo(20);
        assertThat(scrape.value("millrace_images_rejected_total", "main")).isEqualTo(3);
        assertThat(scrape.value("millrace_steps_total", "main")).isEqualTo(2);
        assertThat(scrape.value("millrace_images_lag", "main")).isEqualTo(7);
        assertThat(scrape.value("millrace_views_other_frames", "main")).isEqualTo(0.25);
        assertThat(scrape.value("millrace_batch_images", "main"))
                .isEqualTo(CONFIG.trainer().batchSize());
        assertThat(scrape.value("millrace_step_seconds", "main", "part", "computing", "stage", "keys"))
                .isEqualTo(0.002);
        assertThat(scrape.value("millrace_step_seconds", "main", "part", "preparing", "stage", "decode"))
                .isEqualTo(0.5);
        assertThat(scrape.value("millrace_last_step_timestamp_seconds", "main")).isEqualTo(2.5);
        assertThat(scrape.value("millrace_replay_fresh_share", "main")).isEqualTo(0.375);
        assertThat(scrape.value("millrace_loss", "main")).isEqualTo(1.5);
        assertThat(scrape.value("millrace_learning_rate", "main")).isEqualTo(0.03);
        assertThat(scrape.value("millrace_momentum", "main"))
                .isEqualTo(CONFIG.moco().momentum());
        assertThat(scrape.value("millrace_projection_spread", "main")).isEqualTo(0.9);
        assertThat(scrape.value("millrace_collapsed", "main")).isZero();
        assertThat(scrape.value("millrace_dictionary_keys", "main")).isEqualTo(64);
        assertThat(scrape.value("millrace_dictionary_capacity", "main"))
                .isEqualTo(CONFIG.moco().queueSize());
        assertThat(scrape.value("millrace_dictionary_age_steps", "main")).isEqualTo(4);
        assertThat(scrape.value("millrace_dictionary_consistency", "main")).isEqualTo(0.97);
        assertThat(scrape.value("millrace_encoder_version", "main")).isEqualTo(2);
        assertThat(scrape.value("millrace_probe_accuracy", "main", "probe", "linear"))
                .isEqualTo(0.7);
        assertThat(scrape.value("millrace_probe_accuracy", "main", "probe", "knn"))
                .isEqualTo(0.6);
        assertThat(scrape.value("millrace_guard_distance", "main")).isEqualTo(0.04);
        assertThat(scrape.value("millrace_guard_weight", "main")).isEqualTo(2);
        assertThat(scrape.value("millrace_old_probe_accuracy", "main", "probe", "linear"))
                .isEqualTo(0.8);
        assertThat(scrape.value("millrace_old_probe_accuracy", "main", "probe", "knn"))
                .isEqualTo(0.75);
        assertThat(scrape.value("millrace_old_probe_lost_points", "main")).isEqualTo(1.5);
        assertThat(scrape.value("millrace_old_probe_budget_points", "main")).isEqualTo(1);
        assertThat(scrape.value("millrace_rankme", "main")).isEqualTo(22);
        assertThat(scrape.value("millrace_uniformity", "main")).isEqualTo(-1.5);
        assertThat(scrape.value("millrace_drift_score", "main", "detector", "mmd", "source", SHOWN))
                .isEqualTo(0.25);
        assertThat(scrape.value("millrace_drift_excess", "main", "detector", "mmd", "source", ""))
                .isEqualTo(2);
    }

    /** The second round is 12 s old; its slots are late after some 10 s, and not after 8. */
    @Test
    void text_ofSeveralTrainers_hasTheirRounds() {
        Scrape scrape = ofSeveralTrainers(32_000);
        assertThat(scrape.value("millrace_rounds_total", "main")).isEqualTo(1);
        assertThat(scrape.value("millrace_round_seconds", "main")).isEqualTo(12);
        assertThat(scrape.value("millrace_round_usual_seconds", "main")).isEqualTo(15);
        assertThat(scrape.value("millrace_round_waiting", "main")).isCloseTo(1 - 22.0 / 30, within(1e-9));
        assertThat(scrape.value("millrace_slots_dealt", "main")).isEqualTo(4);
        assertThat(scrape.value("millrace_slots_ready", "main")).isEqualTo(1);
        assertThat(scrape.value("millrace_slots_late", "main")).isEqualTo(3);
        assertThat(ofSeveralTrainers(28_000).value("millrace_slots_late", "main"))
                .isZero();
        assertThat(scrape.value("millrace_slot_seconds", "main", "which", "median"))
                .isEqualTo(5);
        assertThat(scrape.value("millrace_slot_seconds", "main", "which", "slowest"))
                .isEqualTo(7);
        assertThat(scrape.value("millrace_workers", "main")).isEqualTo(2);
        assertThat(scrape.value("millrace_worker_images_per_second", "main", "worker", "worker 1"))
                .isEqualTo(180 / 12.0);
        assertThat(scrape.value("millrace_round_change_norm", "main")).isEqualTo(2);
        assertThat(scrape.value("millrace_outer_step_norm", "main")).isEqualTo(3);
        assertThat(scrape.value("millrace_batch_images", "main")).isEqualTo(400);
    }

    private static Scrape ofSeveralTrainers(long nowMillis) {
        RunView several = new RunView(RoundsViewTest.several(4));
        several.add(RoundsViewTest.deal(0));
        for (int slot = 0; slot < 4; slot++) {
            several.add(RoundsViewTest.ready(0, slot));
        }
        several.add(done(1, 2, OptionalDouble.of(0.9), Optional.empty()));
        several.add(RoundsViewTest.merge(0));
        several.add(RoundsViewTest.deal(1));
        several.add(RoundsViewTest.ready(1, 0));
        RunFacts facts = several.facts(READ_UP, new StreamView("images").section(several, nowMillis), nowMillis);
        return new Scrape(RunMetrics.text(facts, nowMillis, List.of(), DiskSpace.UNKNOWN));
    }

    @Test
    void text_ofWhatIsNotKnown_hasNoLine() {
        assertThat(scrape(READ_UP).names())
                .containsExactlyInAnyOrder(
                        "millrace_self_test_unusual",
                        "millrace_broker_up",
                        "millrace_topics_read_ratio",
                        "millrace_images_lag");
        view.add(done(1, Double.NaN, OptionalDouble.empty(), Optional.empty()));
        assertThat(scrape(READ_UP).names())
                .contains("millrace_images_trained_total", "millrace_learning_rate")
                .doesNotContain("millrace_loss", "millrace_projection_spread", "millrace_collapsed")
                .noneMatch(name -> name.matches("millrace_(encoder|probe|drift|rankme|dictionary_(age|cons)).*"));
    }

    @Test
    void text_whileThePastIsRead_hasNothingOfTheRun() {
        runThatKnowsAll();
        Scrape scrape = scrape(new RunView.ReadProgress(OptionalDouble.of(0.25), true, List.of(), Map.of()));
        assertThat(scrape.value("millrace_topics_read_ratio", "main")).isEqualTo(0.25);
        assertThat(scrape.names())
                .containsExactlyInAnyOrder(
                        "millrace_self_test_unusual", "millrace_broker_up", "millrace_topics_read_ratio");
    }

    @Test
    void text_brokerGoneOrReaderHanging_saysSoAndKnowsNoLag() {
        runThatKnowsAll();
        Scrape gone = scrape(new RunView.ReadProgress(OptionalDouble.empty(), false, List.of(), Map.of()));
        assertThat(gone.value("millrace_broker_up", "main")).isZero();
        assertThat(gone.names()).doesNotContain("millrace_images_lag").contains("millrace_loss");
        Scrape hanging = new Scrape(
                RunMetrics.text(facts(READ_UP), 1_000 + RunFacts.FRESH_MILLIS, List.of(), DiskSpace.UNKNOWN));
        assertThat(hanging.value("millrace_broker_up", "main")).isZero();
    }

    @Test
    void text_disk_bytesAndBudgetsOfEachFolder() {
        Scrape scrape = new Scrape(RunMetrics.text(facts(READ_UP), 1_000, roles, DISK));
        assertThat(scrape.value("millrace_disk_free_bytes", "main")).isEqualTo(300);
        assertThat(scrape.value("millrace_disk_used_bytes", "main", "part", "run"))
                .isEqualTo(5);
        assertThat(scrape.value("millrace_disk_used_bytes", "main", "part", "broker"))
                .isEqualTo(9);
        assertThat(scrape.value("millrace_disk_budget_bytes", "main", "part", "run"))
                .isEqualTo(7);
    }

    @Test
    void text_recordsThatCannotBeRead_areCountedByTopic() {
        Scrape scrape =
                scrape(new RunView.ReadProgress(OptionalDouble.of(0.25), true, List.of(), Map.of("main.drift", 3L)));
        assertThat(scrape.value("millrace_records_unreadable", "main", "topic", "main.drift"))
                .isEqualTo(3);
    }

    @Test
    void text_roles_sayHowTheyFareWhateverTheTopicsSay() {
        roles = List.of(new Role("drift", Role.State.WAITING, 3), new Role("http", Role.State.RUNNING, 0));
        Scrape scrape = scrape(new RunView.ReadProgress(OptionalDouble.of(0.25), true, List.of(), Map.of()));
        assertThat(scrape.value("millrace_role_up", "main", "role", "drift")).isZero();
        assertThat(scrape.value("millrace_role_failures", "main", "role", "drift"))
                .isEqualTo(3);
        assertThat(scrape.value("millrace_role_up", "main", "role", "http")).isEqualTo(1);
    }

    @Test
    void text_alarmAndHeldEncoder_followWhatTheOperatorSays() {
        runThatKnowsAll();
        assertThat(scrape(READ_UP).value("millrace_drift_alarm", "main", "source", SHOWN))
                .isZero();
        alarm("RAISED");
        assertThat(scrape(READ_UP).value("millrace_drift_alarm", "main", "source", SHOWN))
                .isEqualTo(1);
        assertThat(scrape(READ_UP).value("millrace_drift_alarm", "main", "source", ""))
                .isZero();
        alarm("ACKNOWLEDGED");
        assertThat(scrape(READ_UP).value("millrace_drift_alarm", "main", "source", SHOWN))
                .isZero();

        assertThat(scrape(READ_UP).value("millrace_encoder_held", "main")).isEqualTo(1);
        assertThat(scrape(READ_UP).value("millrace_encoder_current_version", "main"))
                .isEqualTo(1);
        view.add(new EncoderAccepted(1, "main", 2, 0));
        assertThat(scrape(READ_UP).value("millrace_encoder_held", "main")).isZero();
        assertThat(scrape(READ_UP).value("millrace_encoder_current_version", "main"))
                .isEqualTo(2);
    }

    @Test
    void operations_everyQueryAsksForAMetricThatThereIs() throws IOException {
        runThatKnowsAll();
        view.add(evaluation(2, Standing.Verdict.HELD)
                .withSpace(new SpaceScores(
                        1,
                        100,
                        20,
                        10,
                        OptionalDouble.of(0.25),
                        0.5,
                        Optional.empty(),
                        Optional.of("the two are not alike"))));
        roles = List.of(new Role("drift", Role.State.WAITING, 3));
        Set<String> there = scrape(
                        new RunView.ReadProgress(OptionalDouble.empty(), true, List.of(), Map.of("main.drift", 3L)))
                .names();
        there.addAll(ofSeveralTrainers(32_000).names());
        there.addAll(new Scrape(RunMetrics.text(facts(READ_UP), 1_000, roles, DISK)).names());
        assertThat(metrics(Files.readString(OPERATIONS.resolve("prometheus/alerts.yml")), "expr: (.*)"))
                .hasSizeGreaterThan(5)
                .isSubsetOf(there);
        JsonNode page = Json.read(Files.readAllBytes(OPERATIONS.resolve("grafana/millrace.json")), JsonNode.class);
        List<String> queries = page.findValuesAsText("expr");
        assertThat(queries)
                .hasSizeGreaterThan(10)
                .allSatisfy(query -> assertThat(metrics(query, "(.*)"))
                        .as(query)
                        .isNotEmpty()
                        .isSubsetOf(there));
        assertThat(Files.readString(Path.of("..", "docs", "metrics.md"))).contains(there);
    }

    private static Set<String> metrics(String text, String where) {
        Set<String> found = new TreeSet<>();
        Matcher place = Pattern.compile(where).matcher(text);
        while (place.find()) {
            METRIC.matcher(place.group(1)).results().forEach(name -> found.add(name.group()));
        }
        return found;
    }

    private void runThatKnowsAll() {
        view.add(done(1, 2, OptionalDouble.of(0.9), Optional.empty()));
        view.add(new StepPlan(2, List.of(new OffsetRange(0, 10, 20)), 10));
        view.add(done(
                2,
                1.5,
                OptionalDouble.of(0.9),
                Optional.of(new DictionaryHealth(
                        64,
                        new DictionaryHealth.Ages(4, 4, 8),
                        Optional.of(new DictionaryHealth.Consistency(0.97, 32, 4))))));
        for (int version = 1; version <= 2; version++) {
            view.add(new EncoderManifest(1, "main", version, version, 10, CONFIG.encoder(), 100, 1, "00", 1));
            view.add(evaluation(version, version == 1 ? Standing.Verdict.CURRENT : Standing.Verdict.HELD));
        }
        report("null");
        report(new String(Json.write(SOURCE), StandardCharsets.UTF_8));
    }

    private static StepDone done(long step, double loss, OptionalDouble spread, Optional<DictionaryHealth> dictionary) {
        return new StepDone(
                1,
                step,
                10 * step,
                3,
                Optional.empty(),
                Optional.of(new StepImages(CONFIG.trainer().batchSize() / 4, List.of())),
                loss,
                Double.NaN,
                OptionalDouble.of(0.04),
                0.03,
                OptionalDouble.of(CONFIG.moco().momentum()),
                OptionalDouble.of(0.375),
                64,
                64,
                spread,
                OptionalInt.of(0),
                dictionary.map(found -> new StepHealth(Optional.empty(), OptionalDouble.empty(), Optional.of(found))),
                Map.of("keys", 2.0, "decode", 500.0),
                Optional.empty(),
                1_250 * step);
    }

    static Evaluation evaluation(long version, Standing.Verdict verdict) {
        return new Evaluation(
                Evaluation.SCHEMA,
                "main",
                version,
                version,
                10,
                2,
                8,
                8,
                new Evaluation.LinearScore(0.7, 0.1, 5, true, Optional.empty(), Optional.empty()),
                new Evaluation.NeighbourScore(0.6, 5, 0.1, Optional.empty(), Optional.empty()),
                1,
                0,
                Optional.of(new Health(8, 64, 0.1, 22, 21, Optional.empty(), -1.5)),
                Optional.empty(),
                Optional.of(new Standing(verdict, OptionalLong.of(1), OptionalDouble.of(0.5), 0.2)),
                Optional.of(new OldDomain(
                        2,
                        8,
                        8,
                        new Evaluation.LinearScore(0.8, 0.1, 5, true, Optional.empty(), Optional.empty()),
                        new Evaluation.NeighbourScore(0.75, 5, 0.1, Optional.empty(), Optional.empty()),
                        OptionalLong.of(0),
                        1.5,
                        1,
                        2)),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    private void report(String source) {
        drift("""
                {"type":"report","schema":2,"run":"main","source":%s,"encoderVersion":1,"fromMillis":0,"toMillis":1000,
                 "images":64,"referenceImages":512,"verdict":"DRIFT","attribution":null,
                 "detectors":[{"name":"mmd","score":0.25,"pValue":0.0001,"threshold":0.01,"alarm":true}]}""".formatted(source));
    }

    private void alarm(String state) {
        drift("""
                {"type":"alarm","schema":2,"run":"main","source":%s,"state":"%s","windowFromMillis":0,
                 "detectors":["mmd"],"note":"","atMillis":9}""".formatted(new String(Json.write(SOURCE), StandardCharsets.UTF_8), state));
    }

    private void drift(String json) {
        view.add(Json.read(json.getBytes(StandardCharsets.UTF_8), DriftEvent.class));
    }

    private Scrape scrape(RunView.ReadProgress progress) {
        return new Scrape(RunMetrics.text(facts(progress), 1_000, roles, DiskSpace.UNKNOWN));
    }

    private RunFacts facts(RunView.ReadProgress progress) {
        Sections.Stream stream = new Sections.Stream(
                "images", 1, Optional.of(27L), Optional.of(7L), OptionalDouble.empty(), OptionalDouble.empty());
        return view.facts(progress, stream, 1_000);
    }
}
