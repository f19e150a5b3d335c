package org.millrace.contract.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.UserException;

final class LogConfigTest {
    @Test
    void byLogger_severalWithBlanks_readsEach() {
        LogConfig log = load("org.apache.kafka=info, ai.djl = Debug");
        assertThat(log.byLogger())
                .isEqualTo(Map.of("org.apache.kafka", LogConfig.Level.INFO, "ai.djl", LogConfig.Level.DEBUG));
        assertThat(load("").byLogger()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"org.apache.kafka", "=warn", "a=loud", "a=warn,", "a b=warn", "a=warn;b=info"})
    void levels_notLoggerAndLevel_saysWhatIsWanted(String levels) {
        assertThatThrownBy(() -> load(levels))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("log.levels must be LOGGER=LEVEL")
                .hasMessageContaining("'" + levels + "'");
    }

    private static LogConfig load(String levels) {
        return new ConfigLoader()
                .assignments(List.of("log.levels=" + levels))
                .load()
                .log();
    }
}
