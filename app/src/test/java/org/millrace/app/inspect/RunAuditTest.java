package org.millrace.app.inspect;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.StepPlan;

final class RunAuditTest {
    private final RunAudit audit = new RunAudit();

    @Test
    void result_everyOffsetOnceOrRefused_noProblem() {
        audit.add(plan(1, 8, new OffsetRange(0, 0, 6), new OffsetRange(1, 0, 3)));
        audit.add(plan(2, 0)); // from the replay buffer
        audit.add(plan(3, 8, new OffsetRange(0, 6, 10), new OffsetRange(1, 3, 7)));
        audit.addLog(new OffsetRange(0, 0, 12));
        audit.addLog(new OffsetRange(1, 0, 7));
        audit.addRejected(new ImageOffset(0, 2));
        audit.addRejected(new ImageOffset(0, 2)); // sent again after a restart
        RunAudit.Result result = audit.result();
        assertThat(result.problems()).isEmpty();
        assertThat(result.offsets()).isEqualTo(17);
        assertThat(result.trained()).isEqualTo(16);
        assertThat(result.refused()).isEqualTo(1);
        assertThat(result.waiting()).isEqualTo(3);
        assertThat(audit.unexplained()).isEmpty();
    }

    @Test
    void result_offsetsInTwoPlans_areTrainedTwice() {
        audit.add(plan(1, 8, new OffsetRange(0, 0, 8)));
        audit.add(plan(2, 8, new OffsetRange(0, 6, 14)));
        audit.addLog(new OffsetRange(0, 0, 20));
        assertThat(audit.result().problems())
                .containsExactly(
                        "partition 0: the offsets 6 to 7 are in the plans of step 1 and of step 2: trained twice");
    }

    @Test
    void result_rangeInsideAnEarlierOne_isTrainedTwice() {
        audit.add(plan(1, 10, new OffsetRange(0, 0, 10)));
        audit.add(plan(2, 2, new OffsetRange(0, 3, 5)));
        audit.add(plan(3, 2, new OffsetRange(0, 10, 12)));
        audit.addLog(new OffsetRange(0, 0, 20));
        assertThat(audit.result().problems())
                .containsExactly(
                        "partition 0: the offsets 3 to 4 are in the plans of step 1 and of step 2: trained twice");
    }

    @Test
    void result_offsetsInNoPlan_areLost() {
        audit.add(plan(1, 8, new OffsetRange(0, 0, 8)));
        audit.add(plan(2, 8, new OffsetRange(0, 9, 17)));
        audit.addLog(new OffsetRange(0, 0, 20));
        assertThat(audit.result().problems())
                .containsExactly("partition 0: the offsets 8 to 8 between step 1 and step 2 are in no plan: lost");
    }

    @Test
    void result_offsetsBeforeTheFirstPlan_areLost_unlessTheRunIsABranch() {
        audit.add(plan(1, 8, new OffsetRange(0, 4, 12)));
        audit.addLog(new OffsetRange(0, 0, 20));
        assertThat(audit.result().problems())
                .containsExactly("partition 0: the offsets 0 to 3 before step 1 are in no plan: lost");
        RunAudit branch = new RunAudit();
        branch.add(plan(5, 8, new OffsetRange(0, 4, 12)));
        branch.addLog(new OffsetRange(0, 0, 20));
        assertThat(branch.result().problems()).isEmpty();
    }

    @Test
    void result_imageNeitherTrainedNorRefused_isLost_unlessItsOffsetHasNoRecord() {
        audit.add(plan(1, 7, new OffsetRange(0, 0, 8)));
        audit.addLog(new OffsetRange(0, 0, 20));
        assertThat(audit.unexplained()).containsExactly(new OffsetRange(0, 0, 8));
        assertThat(audit.result().problems())
                .containsExactly(
                        "step 1 trained 7 images, but its offsets hold 8 that are not in the topic of rejects: 1 lost");
        audit.addAbsent(new ImageOffset(0, 5));
        assertThat(audit.result().problems()).isEmpty();
        assertThat(audit.result().absent()).isEqualTo(1);
    }

    @Test
    void result_planTwiceOrMissing_isSaid() {
        audit.add(plan(1, 8, new OffsetRange(0, 0, 8)));
        audit.add(plan(1, 8, new OffsetRange(0, 0, 8)));
        audit.add(plan(4, 8, new OffsetRange(0, 8, 16)));
        audit.addLog(new OffsetRange(0, 0, 20));
        assertThat(audit.result().problems()).containsExactly("step 1 is planned twice", "no plan of the steps 2 to 3");
    }

    @Test
    void result_logWithoutItsFirstOffsets_saysHowMany() {
        audit.add(plan(1, 6, new OffsetRange(0, 0, 8)));
        audit.addLog(new OffsetRange(0, 5, 20));
        assertThat(audit.result().gone()).isEqualTo(5);
        assertThat(audit.result().problems()).isEmpty();
    }

    private static StepPlan plan(long step, int images, OffsetRange... ranges) {
        return new StepPlan(step, List.of(ranges), images);
    }
}
