package org.millrace.contract.config;

import static org.millrace.contract.Check.check;

import org.millrace.contract.config.Setting.Effect;

/** The batch as the dictionary, with gradients into the keys: the comparison of He et al. 2020, section 4.1. */
public record EndToEndConfig(
        @Setting(value = "0.1", doc = "temperature T of the softmax", effect = Effect.NUMBERS)
        double temperature) {
    public EndToEndConfig {
        check(temperature > 0, "end-to-end.temperature must be positive, but was %s", temperature);
    }
}
