package org.millrace.app.demo;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class LeadTest {
    @Test
    void awaitRoom_trainerBehind_stopsAtTheBound() throws InterruptedException {
        assertThat(sentUntilItWaits(new Lead(256, 0))).isEqualTo(256);
    }

    @Test
    void awaitRoom_imagesLeftFromBefore_countAgainstTheBound() throws InterruptedException {
        Lead lead = new Lead(256, 1_000);
        assertThat(sentUntilItWaits(lead)).isZero();
        lead.consumed(900);
        assertThat(sentUntilItWaits(lead)).isEqualTo(156);
    }

    @Test
    void consumed_eachStep_letsAsManyFollow() throws InterruptedException {
        Lead lead = new Lead(256, 0);
        assertThat(sentUntilItWaits(lead)).isEqualTo(256);
        for (int step = 1; step <= 5; step++) {
            lead.consumed(step * 64L);
            assertThat(sentUntilItWaits(lead)).isEqualTo(64);
        }
    }

    @Test
    void waiting_trainerGetsNothingNew_letsItsImagesThroughWhateverTheCounts() throws InterruptedException {
        Lead lead = new Lead(256, 5_000); // meaningless counts: the log was trimmed, or is another run's
        for (int look = 1; look < Lead.LOOKS; look++) {
            lead.waiting(28, 128);
            assertThat(sentUntilItWaits(lead)).isZero();
        }
        lead.waiting(28, 128);
        assertThat(sentUntilItWaits(lead)).isEqualTo(100);
    }

    @Test
    void waiting_imagesOnTheirWay_letsNothingThrough() throws InterruptedException {
        Lead lead = new Lead(0, 0);
        for (int look = 0; look < 200; look++) {
            lead.waiting(look, 1_000);
            assertThat(sentUntilItWaits(lead)).isZero();
        }
    }

    /** An interrupted thread continues while there is room and throws where it would wait. */
    private static int sentUntilItWaits(Lead lead) throws InterruptedException {
        for (int sent = 0; ; sent++) {
            Thread.currentThread().interrupt();
            try {
                lead.awaitRoom();
                assertThat(Thread.interrupted()).isTrue();
            } catch (InterruptedException e) {
                return sent;
            }
        }
    }
}
