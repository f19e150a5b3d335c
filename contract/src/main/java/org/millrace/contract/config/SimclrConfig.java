package org.millrace.contract.config;

import static org.millrace.contract.Check.check;

/** Simple contrastive learning (Chen et al. 2020). */
public record SimclrConfig(
        @Setting(value = "0.5", doc = "temperature T of the softmax")
        double temperature) {
    public SimclrConfig {
        check(temperature > 0, "simclr.temperature must be positive, but was %s", temperature);
    }
}
