package org.millrace.trainer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.Sha256;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.weights.Safetensors;
import org.millrace.keystore.KeyStore;

/** A learner with each optimiser, through its schedule, put back in mid-run. */
final class LearnerOptimiserTest {
    private static final String SCHEDULE =
            "optimiser.schedule=infinite,optimiser.total-steps=6,optimiser.constant-share=0.5,";

    @ParameterizedTest
    @ValueSource(
            strings = {
                SCHEDULE + "optimiser.method=sgd,optimiser.nesterov=true,optimiser.clip-norm=1",
                SCHEDULE + "optimiser.method=lars,optimiser.lars-form=outside,optimiser.learning-rate=1",
                SCHEDULE + "optimiser.method=lars,optimiser.lars-form=inside,optimiser.learning-rate=1",
                SCHEDULE + "optimiser.method=adamw,optimiser.clip-value=0.01,optimiser.learning-rate=0.001",
                "optimiser.method=sgd,optimiser.cool-from=3,optimiser.cool-steps=4"
            })
    void restore_inMidRun_goesOnToTheSameWeightsToTheBit(String settings) {
        MillraceConfig config = TestRuns.config(settings.split(","));
        List<String> straight;
        try (KeyStore keys = TestRuns.keys(config);
                Learner learner = new Learner(config, TestRuns.torch(), keys)) {
            steps(learner, config, 1, 7);
            straight = digests(learner);
        }
        try (KeyStore keys = TestRuns.keys(config)) {
            Safetensors query;
            Safetensors key;
            Safetensors optimiser;
            long sequence;
            try (Learner first = new Learner(config, TestRuns.torch(), keys)) {
                steps(first, config, 1, 4);
                query = Safetensors.parse(first.query().toBytes());
                key = Safetensors.parse(first.key().toBytes());
                optimiser = Safetensors.parse(first.optimiser().toBytes());
                sequence = first.keySequence();
            }
            try (Learner second = new Learner(config, TestRuns.torch(), keys)) {
                second.restore(query, key, optimiser, sequence);
                steps(second, config, 5, 7);
                assertThat(digests(second)).isEqualTo(straight);
            }
        }
    }

    private static void steps(Learner learner, MillraceConfig config, long from, long to) {
        for (long step = from; step <= to; step++) {
            TestRuns.step(learner, config, step);
        }
    }

    private static List<String> digests(Learner learner) {
        return List.of(
                Sha256.of(learner.query().toBytes()),
                Sha256.of(learner.key().toBytes()),
                Sha256.of(learner.optimiser().toBytes()));
    }
}
