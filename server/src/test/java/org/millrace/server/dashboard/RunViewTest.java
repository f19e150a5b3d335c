package org.millrace.server.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.DriftAlarm;
import org.millrace.contract.event.DriftReport;
import org.millrace.contract.event.EncoderAccepted;
import org.millrace.contract.event.EncoderManifest;
import org.millrace.contract.event.EncoderRevocation;
import org.millrace.contract.event.Health;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.Json;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.RunStarted;
import org.millrace.contract.event.Standing;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.event.StepPlan;
import org.millrace.contract.event.StreamSkipped;
import org.millrace.contract.kafka.LogIdentity;

class RunViewTest {
    private static final MillraceConfig CONFIG = new ConfigLoader().load();
    private static final LogIdentity LOG = new LogIdentity("cluster", "topic");
    private static final String HOSTILE = "<img src=x onerror=alert(1)>\u202e\"'&\u0000";

    private final RunView view = new RunView(CONFIG);
    private final LiveState live = new LiveState("s");

    @Test
    void add_stepsComputedAgainAfterARestart_countOnce() {
        steps(1, 40);
        JsonNode before = published();
        view.add(new RunStarted(1, 20, "second", "host", "engine", LOG, Map.of(), 0));
        steps(21, 40);
        JsonNode after = published();
        assertThat(after.get("steps")).isEqualTo(before.get("steps"));
        assertThat(after.at("/run/step").asLong()).isEqualTo(40);
        steps(41, 41);
        assertThat(published().at("/steps/rows")).hasSize(41);
    }

    @Test
    void add_longRun_staysSmallAndKeepsItsBeginning() {
        steps(1, 100_000);
        JsonNode rows = published().at("/steps/rows");
        assertThat(rows).hasSizeBetween(300, 600);
        assertThat(rows.get(0).get("step").asLong()).isLessThan(400);
        assertThat(rows.get(rows.size() - 1).get("step").asLong()).isEqualTo(100_000);
        assertThat(live.snapshot().json().length()).isLessThan(200_000);
    }

    /** Valid but absurd records: no writer to the topics may stop their reader. */
    @Test
    void add_forgedEvents_leaveAPageAndMetrics() {
        long most = Long.MAX_VALUE;
        view.add(new StepPlan(most, List.of(new OffsetRange(Integer.MAX_VALUE, 0, most)), Integer.MAX_VALUE));
        view.add(done(most / 10, Double.NEGATIVE_INFINITY));
        view.add(done(most / 10, Double.NaN));
        steps(1, 3);
        view.add(new StreamSkipped(1, most, Map.of(Integer.MAX_VALUE, most), LOG, "x".repeat(100_000), most));
        view.add(new RunStarted(
                1, most, "s", HOSTILE, HOSTILE, LOG, Map.of("trainer.batch-size", "-1", "no", "key"), -1));
        view.add(new EncoderAccepted(1, HOSTILE, most, most));
        view.add(new DriftReport(
                2,
                HOSTILE,
                Optional.of("x".repeat(100_000)),
                most,
                Long.MIN_VALUE,
                most,
                most,
                Integer.MAX_VALUE,
                DriftReport.Verdict.DRIFT,
                List.of(
                        new DriftReport.Detection(HOSTILE, Double.NaN, OptionalDouble.of(1), Double.NaN, true),
                        new DriftReport.Detection("mmd", 1e308, OptionalDouble.empty(), 0, true)),
                OptionalDouble.of(Double.NaN),
                Optional.empty(),
                Optional.of(HOSTILE)));
        for (int source = 0; source < 1_000; source++) {
            view.add(new DriftAlarm(
                    2,
                    "main",
                    Optional.of("s" + source),
                    DriftAlarm.State.RAISED,
                    most,
                    List.of(HOSTILE),
                    HOSTILE,
                    -1));
        }
        assertThat(published().at("/alarms").size()).isLessThan(100);
        var progress = new RunView.ReadProgress(OptionalDouble.empty(), true, List.of(), Map.of());
        var stream = new StreamView("images").section(view, 0);
        assertThat(RunMetrics.text(view.facts(progress, stream, 0), 0, List.of(), DiskSpace.UNKNOWN))
                .contains("millrace_");
    }

    @Test
    void add_lossThatIsNotFinite_isAbsent() {
        view.add(done(1, Double.NaN));
        view.add(done(2, 3.0));
        JsonNode rows = published().at("/steps/rows");
        assertThat(rows.get(0).get("loss").isNull()).isTrue();
        assertThat(rows.get(1).get("loss").asDouble()).isEqualTo(3.0);
    }

    @Test
    void add_planAndSkip_tellWhereTheRunStands() {
        steps(1, 3);
        assertThat(view.trainedTo(0, -1)).isEqualTo(30);
        assertThat(view.newestFresh()).map(fresh -> fresh.plan().step()).hasValue(3L);
        view.add(new StepPlan(4, List.of(new OffsetRange(0, 30, 40)), 10));
        view.add(new StreamSkipped(1, 3, Map.of(0, 500L), LOG, "gone", 0));
        assertThat(view.trainedTo(0, -1)).isEqualTo(500);
        view.add(new StepPlan(4, List.of(new OffsetRange(0, 500, 510)), 10));
        view.add(done(4, 1));
        assertThat(view.trainedTo(0, -1)).isEqualTo(510);
    }

    @Test
    void add_revocation_marksTheEncoderAndOffersItNoLongerUntilItIsReinstated() {
        for (long version : new long[] {1, 2}) {
            view.add(new EncoderManifest(1, "main", version, version, 10, CONFIG.encoder(), 100, 1, "00", 1));
            view.add(RunMetricsTest.evaluation(version, Standing.Verdict.CURRENT));
        }
        JsonNode before = published();
        assertThat(before.at("/encoders/0/version").asLong()).isEqualTo(2);
        assertThat(before.at("/standing/current").asLong()).isEqualTo(2);
        assertThat(before.at("/standing/revoked")).isEmpty();

        view.add(revocation(2, EncoderRevocation.State.REVOKED));
        view.add(revocation(7, EncoderRevocation.State.REVOKED)); // which is otherwise unknown to the page
        JsonNode revoked = published();
        assertThat(revoked.at("/encoders")).hasSize(1);
        assertThat(revoked.at("/encoders/0/version").asLong()).isEqualTo(1);
        assertThat(revoked.at("/evaluations/rows")).hasSize(1);
        assertThat(revoked.at("/standing/current").asLong()).isEqualTo(1);
        JsonNode one = revoked.at("/standing/revoked");
        assertThat(one).hasSize(1);
        assertThat(one.at("/0/version").asLong()).isEqualTo(2);
        assertThat(one.at("/0/reason").asText()).isEqualTo(HOSTILE);
        assertThat(one.at("/0/revokedAtMillis").asLong()).isEqualTo(9);
        assertThat(one.at("/0/encoder")).isEqualTo(before.at("/encoders/0"));
        assertThat(one.at("/0/score/linear")).isEqualTo(before.at("/evaluations/rows/1/linear"));

        view.add(revocation(2, EncoderRevocation.State.REINSTATED));
        assertThat(published().at("/standing")).isEqualTo(before.at("/standing"));
        assertThat(published().at("/encoders")).isEqualTo(before.at("/encoders"));
    }

    @Test
    void add_startWithItsConfiguration_isTheOneShown() {
        Map<String, String> written = ConfigLoader.effective(new ConfigLoader()
                .assignments(List.of("trainer.objective=byol", "run.seed=77", "byol.momentum=0.5"))
                .load());
        view.add(new RunStarted(1, 0, "first", HOSTILE, "engine", LOG, written, 0));
        view.add(done(1, 1));
        JsonNode state = published();
        assertThat(view.settings().run().seed()).isEqualTo(77);
        assertThat(state.at("/run/start/writer").asText()).isEqualTo(HOSTILE);
        assertThat(state.at("/steps/rows/0/momentum").asDouble()).isEqualTo(0.5);
        assertThat(state.at("/dictionary/capacity").asLong()).isZero();
    }

    @Test
    void add_configurationOfAnotherRelease_fallsBackToTheOwn() {
        view.add(new RunStarted(1, 0, "first", "host", "engine", LOG, Map.of("no.such-key", HOSTILE), 0));
        assertThat(view.settings()).isEqualTo(CONFIG);
    }

    @Test
    void publish_projectionsWithoutSpread_saysCollapsed() {
        for (int step = 1; step <= 19; step++) {
            view.add(done(step, 1, OptionalDouble.of(0.001)));
        }
        assertThat(published().at("/run/collapsed").asBoolean()).isFalse();
        view.add(done(20, 1, OptionalDouble.of(0.001)));
        assertThat(published().at("/run/collapsed").asBoolean()).isTrue();
        view.add(done(21, 1, OptionalDouble.of(0.8)));
        assertThat(published().at("/run/collapsed").asBoolean()).isFalse();
    }

    private static EncoderRevocation revocation(long version, EncoderRevocation.State state) {
        return new EncoderRevocation(1, "main", version, state, HOSTILE, 9);
    }

    private void steps(int from, int to) {
        for (int step = from; step <= to; step++) {
            view.add(new StepPlan(step, List.of(new OffsetRange(0, 10L * (step - 1), 10L * step)), 10));
            view.add(done(step, 5.0));
        }
    }

    private static JournalEvent done(long step, double loss) {
        return done(step, loss, OptionalDouble.of(0.9));
    }

    private static JournalEvent done(long step, double loss, OptionalDouble spread) {
        return new StepDone(
                1,
                step,
                10 * step,
                0,
                Optional.empty(),
                Optional.empty(),
                loss,
                Double.NaN,
                OptionalDouble.empty(),
                0.03,
                OptionalDouble.of(0.5),
                OptionalDouble.empty(),
                0,
                0,
                spread,
                OptionalInt.of(spread.orElse(1) < Health.COLLAPSED_SPREAD ? (int) step : 0),
                Optional.empty(),
                Map.of("keys", 2.0),
                Optional.empty(),
                1_000 * step);
    }

    private JsonNode published() {
        view.publish(live, new RunView.ReadProgress(OptionalDouble.empty(), true, List.of(), Map.of()), 0);
        live.flush();
        return Json.read(live.snapshot().json().getBytes(java.nio.charset.StandardCharsets.UTF_8), JsonNode.class);
    }
}
