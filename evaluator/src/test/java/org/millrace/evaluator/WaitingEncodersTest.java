package org.millrace.evaluator;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.event.EncoderManifest;
import org.millrace.contract.registry.PublishedEncoder;

final class WaitingEncodersTest {
    private static final byte[] FILE = new byte[17];

    @Test
    void waiting_givesTheUntrainedThenTheNewestAndDropsTheOldest() {
        WaitingEncoders waiting = new WaitingEncoders(3L * FILE.length, false);
        for (long version : new long[] {0, 400, 800, 1200, 1600}) {
            waiting.add(encoder(version));
        }
        assertThat(waiting.take()).map(PublishedEncoder::version).hasValue(0L);
        assertThat(waiting.take()).map(PublishedEncoder::version).hasValue(1600L);
        assertThat(waiting.take()).map(PublishedEncoder::version).hasValue(1200L);
        assertThat(waiting.take()).isEmpty();
        assertThat(waiting.isEmpty()).isTrue();
    }

    @Test
    void waiting_oldestFirst_givesThemInOrder() {
        WaitingEncoders waiting = new WaitingEncoders(3L * FILE.length, true);
        for (long version : new long[] {1200, 400, 800}) {
            waiting.add(encoder(version));
        }
        assertThat(waiting.take()).map(PublishedEncoder::version).hasValue(400L);
        assertThat(waiting.take()).map(PublishedEncoder::version).hasValue(800L);
    }

    @Test
    void waiting_ofOneLargeEncoder_keepsItBesidesTheUntrained() {
        WaitingEncoders waiting = new WaitingEncoders(1, false);
        for (long version : new long[] {0, 400, 800}) {
            waiting.add(encoder(version));
        }
        assertThat(waiting.take()).map(PublishedEncoder::version).hasValue(0L);
        assertThat(waiting.take()).map(PublishedEncoder::version).hasValue(800L);
        assertThat(waiting.take()).isEmpty();
    }

    private static PublishedEncoder encoder(long version) {
        var config = new ConfigLoader().load().encoder();
        return new PublishedEncoder(
                new EncoderManifest(1, "main", version, version, version, config, FILE.length, 1, "", 1), FILE);
    }
}
