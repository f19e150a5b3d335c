package org.millrace.contract.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;
import org.junit.jupiter.api.Test;

class FencedBrokersTest {
    private static final String FENCED =
            "Unable to replicate the partition 1 time(s): All brokers are currently fenced,"
                    + " or have all their log directories cordoned.";

    private final AtomicInteger tries = new AtomicInteger();

    @Test
    void await_fencedForAWhile_createsOnceItIsNot() {
        FencedBrokers.await(() -> refuse(FENCED, 3), 5, 0);
        assertThat(tries).hasValue(4);
    }

    @Test
    void await_fencedForEver_throwsInTheEnd() {
        assertThatThrownBy(() -> FencedBrokers.await(() -> refuse(FENCED, 9), 5, 0))
                .hasMessage(FENCED);
        assertThat(tries).hasValue(6);
    }

    @Test
    void await_tooFewBrokers_throwsAtOnce() {
        String few = "The target replication factor of 3 cannot be reached because only 1 broker(s) are registered.";
        assertThatThrownBy(() -> FencedBrokers.await(() -> refuse(few, 9), 5, 0))
                .hasMessage(few);
        assertThat(tries).hasValue(1);
    }

    private void refuse(String reason, int times) {
        if (tries.getAndIncrement() < times) {
            throw new InvalidReplicationFactorException(reason);
        }
    }
}
