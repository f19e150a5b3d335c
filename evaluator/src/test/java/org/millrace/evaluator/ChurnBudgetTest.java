package org.millrace.evaluator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.millrace.contract.event.ModelDrift;
import org.millrace.contract.event.ModelDrift.Role;
import org.millrace.contract.event.Standing;
import org.millrace.contract.event.Standing.Verdict;

final class ChurnBudgetTest {
    private static final ChurnBudget BUDGET = new ChurnBudget(0.25);

    @Test
    void judge_withinAndOverTheBudget_currentAndHeld() {
        OptionalLong current = OptionalLong.of(400);
        assertThat(BUDGET.judge(current, churn(0.25)))
                .isEqualTo(new Standing(Verdict.CURRENT, current, OptionalDouble.of(0.25), 0.25));
        assertThat(BUDGET.judge(current, churn(0.26)))
                .isEqualTo(new Standing(Verdict.HELD, current, OptionalDouble.of(0.26), 0.25));
        assertThat(new ChurnBudget(1).judge(current, churn(1)).held()).isFalse();
    }

    @Test
    void judge_againstNoTrainedEncoder_nothingIsHeld() {
        assertThat(BUDGET.judge(OptionalLong.of(0), churn(1)).held()).isFalse();
        assertThat(BUDGET.judge(OptionalLong.empty(), Optional.empty()).held()).isFalse();
    }

    @Test
    void judge_churnNotMeasured_heldUnlessThereIsNoBudget() {
        OptionalLong current = OptionalLong.of(400);
        assertThat(BUDGET.judge(current, Optional.empty()))
                .isEqualTo(new Standing(Verdict.HELD, current, OptionalDouble.empty(), 0.25));
        assertThat(new ChurnBudget(1).judge(current, Optional.empty()).held()).isFalse();
    }

    private static Optional<ModelDrift> churn(double churn) {
        return Optional.of(new ModelDrift(
                40,
                5,
                List.of(new ModelDrift.Against(
                        Role.CURRENT, 400, OptionalDouble.empty(), OptionalDouble.empty(), churn))));
    }
}
