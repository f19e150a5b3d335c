package org.millrace.trainer;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.weights.Safetensors;
import org.millrace.keystore.KeyStore;

final class InitialEncoderTest {
    @ParameterizedTest
    @ValueSource(strings = {"moco-v2", "byol"})
    void initialise_anotherRunsEncoder_bothNetworksHaveItAndKeepTheirHeads(String objective) {
        MillraceConfig config = TestRuns.config("trainer.objective=" + objective, "run.seed=2");
        Safetensors trained = trainedElsewhere();
        try (KeyStore keys = TestRuns.keys(config);
                Learner learner = new Learner(config, TestRuns.torch(), keys)) {
            Safetensors before = learner.query();
            learner.initialise(trained);
            assertThat(learner.encoder().toBytes()).isEqualTo(trained.toBytes());
            Safetensors query = learner.query();
            Safetensors key = learner.key();
            for (String name : trained.names()) {
                long[] shape = trained.shape(name);
                assertThat(key.tensor("encoder." + name, shape)).as(name).containsExactly(trained.tensor(name, shape));
            }
            query.names().stream()
                    .filter(name -> !name.startsWith("encoder."))
                    .forEach(name -> assertThat(query.tensor(name, query.shape(name)))
                            .as(name)
                            .containsExactly(before.tensor(name, query.shape(name))));

            TestRuns.step(learner, config, 1);
            assertThat(learner.encoder().tensor("bn1.running_mean", 16))
                    .as("training goes on from the file's statistics, which its views see")
                    .isNotEqualTo(trained.tensor("bn1.running_mean", 16));
        }
    }

    /** An encoder of one step under another seed: statistics are no longer 0 and 1. */
    private static Safetensors trainedElsewhere() {
        MillraceConfig config = TestRuns.config("run.seed=1");
        try (KeyStore keys = TestRuns.keys(config);
                Learner learner = new Learner(config, TestRuns.torch(), keys)) {
            TestRuns.step(learner, config, 1);
            return learner.encoder();
        }
    }
}
