package org.millrace.contract.config;

import static org.millrace.contract.Check.check;

/** Momentum contrast (He et al. 2020; Chen et al. 2020). */
public record MocoConfig(
        @Setting(value = "4096", doc = "keys in the dictionary, K")
        int queueSize,

        @Setting(value = "0.1", doc = "temperature T of the softmax")
        double temperature,

        @Setting(value = "0.99", doc = "momentum m of the key encoder, in [0, 1)")
        double momentum) {
    public MocoConfig {
        check(queueSize >= 1, "moco.queue-size must be at least 1, but was %d", queueSize);
        check(temperature > 0, "moco.temperature must be positive, but was %s", temperature);
        check(momentum >= 0 && momentum < 1, "moco.momentum must be in [0, 1), but was %s", momentum);
    }
}
