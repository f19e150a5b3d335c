package org.millrace.evaluator;

import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.millrace.contract.config.GuardConfig;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.event.OldDomain;
import org.millrace.evaluator.score.ProbeScorer;

/**
 * {@code guard.budget}: the points of linear accuracy that encoders may lose on the domain that their run came from, and λ of the guard
 * after each: doubled where an encoder has lost more, up to {@code guard.max-weight}; taken down by a tenth, to no less than {@code
 * guard.weight}, where it has lost no more than half of the budget; else as it was.
 */
record OldBudget(GuardConfig config) {
    private static final double RAISED = 2;
    private static final double LOWERED = 0.9;

    /** λ after an encoder that has lost so many points. */
    double weight(double before, double fallen) {
        if (fallen > config.budget()) {
            return Math.min(config.maxWeight(), RAISED * before);
        }
        return fallen <= config.budget() / 2 ? Math.max(config.weight(), LOWERED * before) : before;
    }

    /**
     * Scores on the old domain with what follows from them.
     *
     * @param reference the encoder to compare with; empty for the first one that is scored
     * @param before λ until now; empty for that of the configuration
     */
    OldDomain judge(
            ProbeScorer.Scores scores,
            int classes,
            int trainImages,
            int testImages,
            Optional<Evaluation> reference,
            OptionalDouble before) {
        double fallen = reference
                .flatMap(Evaluation::oldDomain)
                .map(old -> 100 * (old.linear().accuracy() - scores.linear().accuracy()))
                .orElse(0.0);
        return new OldDomain(
                classes,
                trainImages,
                testImages,
                scores.linear(),
                scores.neighbours(),
                reference.map(Evaluation::version).map(OptionalLong::of).orElse(OptionalLong.empty()),
                fallen,
                config.budget(),
                reference.isPresent()
                        ? weight(before.orElse(config.weight()), fallen)
                        : before.orElse(config.weight()));
    }
}
