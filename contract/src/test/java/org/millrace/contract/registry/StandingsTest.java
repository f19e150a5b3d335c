package org.millrace.contract.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.millrace.contract.event.EncoderAccepted;
import org.millrace.contract.event.EncoderRevocation;
import org.millrace.contract.event.EncoderRevocation.State;
import org.millrace.contract.event.Standing;
import org.millrace.contract.event.Standing.Verdict;

final class StandingsTest {
    private final Standings standings = new Standings();

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

        standings.accept(revocation(1200, State.REVOKED));
        assertThat(standings.held()).as("nothing to accept").isEmpty();
        standings.accept(revocation(1200, State.REINSTATED));
        assertThat(standings.held()).containsExactly(1200L);
    }

    @Test
    void accept_evaluationsOfOlderWriters_areCurrent() {
        standings.accept(TestRecords.scored(400, Optional.empty(), Optional.empty()));
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
        standings.accept(TestRecords.scored(
                version,
                Optional.of(new Standing(verdict, OptionalLong.empty(), OptionalDouble.empty(), 0.25)),
                Optional.empty()));
    }
}
