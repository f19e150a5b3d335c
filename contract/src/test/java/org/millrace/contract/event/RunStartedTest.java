package org.millrace.contract.event;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.millrace.contract.kafka.LogIdentity;

final class RunStartedTest {
    @Test
    void count_whatIsNoCount_isEmpty() {
        for (String value : new String[] {"", "many", "4.0", " 4", "4 ", "0", "-4", "99999999999", "٤x", "null"}) {
            assertThat(start(Map.of("rounds.slots", value)).count("rounds.slots"))
                    .as("'%s'", value)
                    .isEmpty();
        }
        assertThat(start(Map.of()).count("rounds.slots")).isEmpty();
    }

    @Test
    void count_number_isTheNumber() {
        assertThat(start(Map.of("rounds.slots", "4")).count("rounds.slots")).hasValue(4);
    }

    private static RunStarted start(Map<String, String> configuration) {
        return new RunStarted(
                JournalEvent.SCHEMA, 0, "session", "host", "engine", new LogIdentity("c", "t"), configuration, 7);
    }
}
