package org.millrace.evaluator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.millrace.contract.event.EncoderAccepted;
import org.millrace.contract.event.EncoderRevocation;
import org.millrace.contract.event.EncoderRevocation.State;
import org.millrace.contract.event.ModelDrift;
import org.millrace.contract.event.ModelDrift.Role;
import org.millrace.contract.event.Standing;
import org.millrace.contract.event.Standing.Verdict;
import org.millrace.evaluator.learning.TestEvaluations;

final class StandingsTest {
    private static final ChurnBudget BUDGET = new ChurnBudget(0.25);

    private final Standings standings = new Standings();

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

    @Test
    void accept_heldEncoders_areNotCurrentUntilAccepted() {
        scored(400, Verdict.CURRENT);
        scored(800, Verdict.HELD);
        scored(1200, Verdict.HELD);
        assertThat(standings.current()).hasValue(400);
        assertThat(standings.held()).containsExactly(800L, 1200L);
        assertThat(standings.mayBeTaken(800)).isFalse();
        assertThat(standings.mayBeTaken(1600)).as("not judged yet").isFalse();

        standings.accept(new EncoderAccepted(1, "main", 800, 0));
        standings.accept(new EncoderAccepted(1, "main", 1600, 0)); // of no held encoder: without effect
        scored(800, Verdict.HELD); // a second evaluator's
        assertThat(standings.current()).hasValue(800);
        assertThat(standings.currentBefore(800)).hasValue(400);
        assertThat(standings.held()).containsExactly(1200L);
        assertThat(standings.isScored(1600)).isFalse();
    }

    @Test
    void accept_evaluationsOfOlderWriters_areCurrent() {
        standings.accept(TestEvaluations.scored(400, Optional.empty(), Optional.empty()));
        assertThat(standings.current()).hasValue(400);
        assertThat(standings.mayBeTaken(800)).as("there is no budget").isTrue();
    }

    @Test
    void accept_currentEncoderRevoked_theOneBeforeIsCurrentUntilReinstated() {
        scored(0, Verdict.CURRENT);
        scored(400, Verdict.CURRENT);
        scored(800, Verdict.CURRENT);
        standings.accept(revocation(800, State.REVOKED));
        standings.accept(revocation(1200, State.REVOKED)); // before it is scored
        scored(1200, Verdict.CURRENT);
        assertThat(standings.current()).hasValue(400);
        assertThat(standings.currentBefore(1600)).hasValue(400);
        assertThat(standings.mayBeTaken(800)).isFalse();
        assertThat(standings.isScored(800)).isTrue();
        assertThat(standings.revoked()).containsOnlyKeys(800L, 1200L);
        standings.accept(revocation(800, State.REINSTATED));
        assertThat(standings.current()).hasValue(800);
        assertThat(standings.revoked()).containsOnlyKeys(1200L);
    }

    @Test
    void mayBeTaken_revokedWithoutAnyScore_isNot() {
        standings.accept(revocation(400, State.REVOKED));
        assertThat(standings.mayBeTaken(400)).isFalse();
        assertThat(standings.mayBeTaken(0)).isTrue();
    }

    private static EncoderRevocation revocation(long version, State state) {
        return new EncoderRevocation(EncoderRevocation.SCHEMA, "main", version, state, "", 0);
    }

    private void scored(long version, Verdict verdict) {
        standings.accept(TestEvaluations.scored(
                version,
                Optional.of(new Standing(verdict, OptionalLong.empty(), OptionalDouble.empty(), 0.25)),
                Optional.empty()));
    }

    private static Optional<ModelDrift> churn(double churn) {
        return Optional.of(new ModelDrift(
                40,
                5,
                List.of(new ModelDrift.Against(
                        Role.CURRENT, 400, OptionalDouble.empty(), OptionalDouble.empty(), churn))));
    }
}
