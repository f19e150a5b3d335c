package org.millrace.contract.event;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class UnreadableLogTest {
    private final List<String> warnings = new ArrayList<>();
    private final List<String> details = new ArrayList<>();
    private long millis;
    private final UnreadableLog log = new UnreadableLog(() -> millis, warnings::add, details::add);

    @Test
    void add_flood_firstFewThenOneLineAMinuteWithTheirCount() {
        for (int offset = 0; offset < 125; offset++) {
            log.add(record("main.steps", offset), false);
        }
        assertThat(warnings).hasSize(UnreadableLog.MOST_NAMED);
        assertThat(warnings.get(2))
                .isEqualTo("left out: main.steps, partition 0, offset 2 cannot be read: no json;"
                        + " more of this partition are counted, in one line a minute");
        millis += UnreadableLog.PERIOD_MILLIS - 1;
        log.writeDue();
        assertThat(warnings).hasSize(UnreadableLog.MOST_NAMED);
        millis++;
        log.writeDue();
        log.writeDue();
        assertThat(warnings).hasSize(UnreadableLog.MOST_NAMED + 1);
        assertThat(warnings.get(3))
                .isEqualTo("left out: 122 more; the last: main.steps, partition 0, offset 124 cannot be read: no json");
    }

    @Test
    void add_sameRecordByManyReaders_isNamedAndCountedOnce() {
        for (int reader = 0; reader < 8; reader++) {
            for (int offset = 0; offset < 6; offset++) {
                log.add(record("main.drift", offset), false);
            }
        }
        millis += UnreadableLog.PERIOD_MILLIS;
        log.writeDue();
        assertThat(warnings).hasSize(UnreadableLog.MOST_NAMED + 1);
        assertThat(warnings.get(3)).startsWith("left out: 3 more;");
    }

    @Test
    void add_moreThanItRemembers_countsAll() {
        for (int offset = 0; offset < 50_000; offset++) {
            log.add(record("main.steps", offset), false);
        }
        millis += UnreadableLog.PERIOD_MILLIS;
        log.writeDue();
        assertThat(warnings.get(3)).startsWith("left out: 49997 more;");
    }

    @Test
    void add_olderThanTheProcess_oneWarningAndTheOthersAtDebug() {
        for (int offset = 0; offset < 125; offset++) {
            log.add(record("main.steps", offset), true);
            log.add(record("main.drift", offset), true);
        }
        assertThat(warnings).hasSize(2).allMatch(line -> line.endsWith("are named at log.level=debug"));
        assertThat(details).hasSize(2 * 124);
    }

    private static Unreadable record(String topic, long offset) {
        return new Unreadable(topic, 0, offset, "no json");
    }
}
