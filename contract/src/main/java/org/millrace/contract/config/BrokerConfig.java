package org.millrace.contract.config;

import static org.millrace.contract.Check.check;

import org.millrace.contract.config.Setting.Effect;

/** The embedded broker, used where no {@code --bootstrap-server} is given. */
public record BrokerConfig(
        @Setting(value = "0", doc = "loopback port of the embedded broker; 0 takes a free one", effect = Effect.NONE)
        int port,

        @Setting(
                value = "-1",
                doc = "milliseconds that the embedded broker keeps images; -1 keeps them for ever",
                effect = Effect.NONE)
        long retentionMillis) {
    public BrokerConfig {
        check(port >= 0 && port <= 65535, "broker.port must be in [0, 65535], but was %d", port);
        check(retentionMillis >= -1, "broker.retention-millis must be at least -1, but was %d", retentionMillis);
    }
}
