package org.millrace.contract.config;

import static org.millrace.contract.Check.check;

import org.millrace.contract.config.Setting.Effect;

/** Simple contrastive learning (Chen et al. 2020). */
public record SimclrConfig(
        @Setting(value = "0.5", doc = "temperature T of the softmax", effect = Effect.NUMBERS)
        double temperature) {
    public SimclrConfig {
        check(temperature > 0, "simclr.temperature must be positive, but was %s", temperature);
    }
}
