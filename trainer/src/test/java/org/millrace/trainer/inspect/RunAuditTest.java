package org.millrace.trainer.inspect;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.RunStarted;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.event.StepPlan;
import org.millrace.contract.kafka.LogIdentity;

final class RunAuditTest {
    private static final LogIdentity LOG = new LogIdentity("cluster", "topic");

    private final PresentLog log = new PresentLog(LOG);
    private final RunAudit audit = new RunAudit(log);

    @Test
    void result_everyOffsetOnceOrRefused_noProblem() {
        audit.add(plan(1, 8, new OffsetRange(0, 0, 6), new OffsetRange(1, 0, 3)));
        audit.add(plan(2, 0)); // from the replay buffer
        audit.add(plan(3, 8, new OffsetRange(0, 6, 10), new OffsetRange(1, 3, 7)));
        log.addHeld(new OffsetRange(0, 0, 12));
        log.addHeld(new OffsetRange(1, 0, 7));
        log.addRejected(new ImageOffset(0, 2));
        log.addRejected(new ImageOffset(0, 2)); // sent again after a restart
        Audit.Result result = audit.result();
        assertThat(result.problems()).isEmpty();
        assertThat(result.offsets()).isEqualTo(17);
        assertThat(result.trained()).as("no step is done").isZero();
        assertThat(result.planned()).isEqualTo(16);
        assertThat(result.refused()).isEqualTo(1);
        assertThat(result.waiting()).isEqualTo(3);
        for (long step = 1; step <= 2; step++) {
            audit.add(done(step, 1, "d"));
        }
        assertThat(audit.result().trained()).isEqualTo(8);
        assertThat(audit.result().planned()).isEqualTo(8);
        assertThat(audit.result().waiting()).isEqualTo(1);
        assertThat(audit.unexplained()).isEmpty();
    }

    @Test
    void result_someSkippedByTheGate_areNeitherTrainedNorLost() {
        audit.add(new StepPlan(1, List.of(new OffsetRange(0, 0, 10)), 4, 5));
        audit.add(new StepPlan(2, List.of(new OffsetRange(0, 10, 20)), 4, 5));
        log.addHeld(new OffsetRange(0, 0, 20));
        log.addRejected(new ImageOffset(0, 2));
        Audit.Result result = audit.result();
        assertThat(result.gated()).isEqualTo(10);
        assertThat(result.problems())
                .containsExactly("step 2 planned 4 images and skipped 5, but its offsets hold 10 that are not in the"
                        + " topic of rejects: 1 lost");
    }

    @Test
    void result_offsetsInTwoPlans_areTrainedTwice() {
        audit.add(plan(1, 8, new OffsetRange(0, 0, 8)));
        audit.add(plan(2, 8, new OffsetRange(0, 6, 14)));
        log.addHeld(new OffsetRange(0, 0, 20));
        assertThat(audit.result().problems())
                .containsExactly(
                        "partition 0: the offsets 6 to 7 are in the plans of step 1 and of step 2: trained twice");
    }

    @Test
    void result_rangeInsideAnEarlierOne_isTrainedTwice() {
        audit.add(plan(1, 10, new OffsetRange(0, 0, 10)));
        audit.add(plan(2, 2, new OffsetRange(0, 3, 5)));
        audit.add(plan(3, 2, new OffsetRange(0, 10, 12)));
        log.addHeld(new OffsetRange(0, 0, 20));
        assertThat(audit.result().problems())
                .containsExactly(
                        "partition 0: the offsets 3 to 4 are in the plans of step 1 and of step 2: trained twice");
    }

    @Test
    void result_offsetsInNoPlan_areLost() {
        audit.add(plan(1, 8, new OffsetRange(0, 0, 8)));
        audit.add(plan(2, 8, new OffsetRange(0, 9, 17)));
        log.addHeld(new OffsetRange(0, 0, 20));
        assertThat(audit.result().problems())
                .containsExactly("partition 0: the offsets 8 to 8 between step 1 and step 2 are in no plan: lost");
    }

    @Test
    void result_offsetsBeforeTheFirstPlan_areLost_unlessTheRunIsABranch() {
        audit.add(plan(1, 8, new OffsetRange(0, 4, 12)));
        log.addHeld(new OffsetRange(0, 0, 20));
        assertThat(audit.result().problems())
                .containsExactly("partition 0: the offsets 0 to 3 before step 1 are in no plan: lost");
        RunAudit branch = new RunAudit(log);
        branch.add(plan(5, 8, new OffsetRange(0, 4, 12)));
        assertThat(branch.result().problems()).isEmpty();
    }

    @Test
    void result_imageNeitherTrainedNorRefused_isLost_unlessItsOffsetHasNoRecord() {
        audit.add(plan(1, 7, new OffsetRange(0, 0, 8)));
        audit.add(done(1, 1, "d"));
        log.addHeld(new OffsetRange(0, 0, 20));
        assertThat(audit.unexplained()).containsExactly(new OffsetRange(0, 0, 8));
        assertThat(audit.result().problems())
                .containsExactly(
                        "step 1 trained 7 images, but its offsets hold 8 that are not in the topic of rejects: 1 lost");
        log.addAbsent(new ImageOffset(0, 5));
        assertThat(audit.result().problems()).isEmpty();
        assertThat(audit.result().absent()).isEqualTo(1);
    }

    @Test
    void result_planTwiceOrMissing_isSaid() {
        audit.add(plan(1, 8, new OffsetRange(0, 0, 8)));
        audit.add(plan(1, 8, new OffsetRange(0, 0, 8)));
        audit.add(plan(4, 8, new OffsetRange(0, 8, 16)));
        log.addHeld(new OffsetRange(0, 0, 20));
        assertThat(audit.result().problems()).containsExactly("step 1 is planned twice", "no plan of the steps 2 to 3");
    }

    @Test
    void result_logWithoutItsFirstOffsets_saysHowMany() {
        audit.add(plan(1, 6, new OffsetRange(0, 0, 8)));
        log.addHeld(new OffsetRange(0, 5, 20));
        assertThat(audit.result().gone()).isEqualTo(5);
        assertThat(audit.result().problems()).isEmpty();
    }

    @Test
    void result_recordsCompactedAwaySinceTheyWereTrained_areGoneAndNoProblem() {
        audit.add(plan(1, 6, new OffsetRange(0, 0, 8))); // one is refused, one a transaction's marker
        audit.add(done(1, 1, "d"));
        log.addHeld(new OffsetRange(0, 0, 20));
        log.addRejected(new ImageOffset(0, 3));
        for (long offset : new long[] {1, 3, 4, 7}) { // of which the refused one
            log.addAbsent(new ImageOffset(0, offset));
        }
        Audit.Result result = audit.result();
        assertThat(result.problems()).isEmpty();
        assertThat(result.refused()).isEqualTo(1);
        assertThat(result.gone()).isEqualTo(2);
        assertThat(result.absent()).isEqualTo(1);
    }

    @Test
    void result_imageBothTrainedAndRefused_isOneTooMany() {
        audit.add(plan(1, 8, new OffsetRange(0, 0, 8)));
        audit.add(done(1, 1, "d"));
        log.addHeld(new OffsetRange(0, 0, 20));
        log.addRejected(new ImageOffset(0, 3));
        assertThat(audit.result().problems())
                .containsExactly(
                        "step 1 trained 8 images, but its offsets hold 7 that are not in the topic of rejects: 1 too many");
    }

    @Test
    void result_stepComputedAgainOtherwiseUnderTheSameSettings_isAProblem() {
        audit.add(start("moco-v2", 0.03));
        audit.add(plan(1, 8, new OffsetRange(0, 0, 8)));
        audit.add(plan(2, 8, new OffsetRange(0, 8, 16)));
        audit.add(done(1, 2.5, "a"));
        audit.add(done(2, 2.25, "b"));
        audit.add(start("moco-v2", 0.03));
        audit.add(done(1, 2.5, "a"));
        assertThat(audit.result().problems()).isEmpty();
        audit.add(done(2, 2.25, "c"));
        assertThat(audit.result().problems())
                .containsExactly("step 2 was computed again under the same settings, and its digest was b, then c");
        audit.add(done(1, 2.75, "a"));
        assertThat(audit.result().problems()).hasSize(2);
    }

    @Test
    void result_stepComputedAgainUnderAnotherRate_isSaidAndNoProblem() {
        audit.add(start("moco-v2", 0.03));
        audit.add(plan(1, 8, new OffsetRange(0, 0, 8)));
        audit.add(plan(2, 8, new OffsetRange(0, 8, 16)));
        audit.add(done(1, 2.5, "a"));
        audit.add(done(2, 2.25, "b"));
        audit.add(start("moco-v2", 0.5));
        audit.add(done(1, 2.75, "c"));
        audit.add(done(2, 3, "d"));
        assertThat(audit.result().problems()).isEmpty();
        assertThat(audit.result().recomputed())
                .containsExactly(
                        "steps 1 to 2 had other results when computed again, with another optimiser.learning-rate: 0.03 → 0.5");
    }

    @Test
    void result_startWithAnotherObjective_isAProblem_onceSomethingWasPlanned() {
        audit.add(start("byol", 0.03)); // nothing was planned under it
        audit.add(start("moco-v2", 0.03));
        audit.add(plan(1, 8, new OffsetRange(0, 0, 8)));
        assertThat(audit.result().problems()).isEmpty();
        audit.add(start("byol", 0.03));
        assertThat(audit.result().problems())
                .singleElement()
                .asString()
                .contains(
                        "has other settings than the run was started with: trainer.objective: moco-v2 → byol",
                        "millrace encoders revoke VERSION");
    }

    private static RunStarted start(String objective, double rate) {
        return new RunStarted(
                JournalEvent.SCHEMA,
                0,
                "session",
                "writer",
                "engine",
                LOG,
                Map.of("trainer.objective", objective, "optimiser.learning-rate", String.valueOf(rate)),
                0);
    }

    private static StepDone done(long step, double loss, String digest) {
        return new StepDone(
                JournalEvent.SCHEMA,
                step,
                0,
                0,
                Optional.empty(),
                Optional.empty(),
                loss,
                0,
                OptionalDouble.empty(),
                0,
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                0,
                0,
                OptionalDouble.empty(),
                OptionalInt.empty(),
                Optional.empty(),
                Map.of(),
                Optional.of(digest),
                0);
    }

    private static StepPlan plan(long step, int images, OffsetRange... ranges) {
        return new StepPlan(step, List.of(ranges), images);
    }
}
