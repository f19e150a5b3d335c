package org.millrace.trainer.inspect;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.StepPlan;

class RunHistoryTest {
    private final RunHistory history = new RunHistory();

    @Test
    void gaps_journalOfABranch_hasNone() {
        history.add(plan(21, 320, 336));
        history.add(plan(22, 336, 352));
        assertThat(history.gaps()).isEmpty();
        assertThat(history.firstStep()).isEqualTo(21);
        assertThat(history.covered()).containsEntry(0, new OffsetRange(0, 320, 352));
    }

    @Test
    void gaps_stepOrOffsetMissing_areNamed() {
        history.add(plan(1, 0, 16));
        history.add(plan(3, 17, 33));
        assertThat(history.gaps())
                .containsExactly(
                        "the plan of step 3 follows that of step 1",
                        "partition 0: step 3 begins at offset 17 where 16 was next");
    }

    private static StepPlan plan(long step, long from, long to) {
        return new StepPlan(step, List.of(new OffsetRange(0, from, to)), (int) (to - from));
    }
}
