package org.millrace.trainer.rounds;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.RoundDealt;
import org.millrace.contract.event.RoundMerged;
import org.millrace.contract.kafka.LogIdentity;
import org.millrace.trainer.inspect.Audit;
import org.millrace.trainer.inspect.PresentLog;

class RoundsAuditTest {
    private static final LogIdentity LOG = new LogIdentity("cluster", "topic");

    private final PresentLog log = new PresentLog(LOG);

    @Test
    void result_leftDealtAgain_addsUp() {
        RoundsAudit audit = auditOfLog(100);
        audit.add(deal(0, range(0, 50), range(50, 100)));
        audit.add(merge(0, slot(0, 40, range(40, 50)), slot(1, 48, range(99, 100))));
        log.addRejected(new ImageOffset(0, 60));
        audit.add(deal(1, range(40, 50), range(99, 100)));
        audit.add(merge(1, slot(0, 10), slot(1, 1)));
        Audit.Result result = audit.result();
        assertThat(result.problems()).isEmpty();
        assertThat(result.trained()).isEqualTo(99);
        assertThat(result.refused()).isEqualTo(1);
        assertThat(result.offsets()).isEqualTo(100);
    }

    @Test
    void result_leftAndADealThatWaits_areNotLost() {
        RoundsAudit audit = auditOfLog(200);
        audit.add(deal(0, range(0, 50), range(50, 100)));
        audit.add(merge(0, slot(0, 40, range(40, 50)), slot(1, 50)));
        audit.add(deal(1, range(100, 150), range(150, 200)));
        assertThat(audit.result().problems()).isEmpty();
        assertThat(audit.result().planned()).isEqualTo(100);
    }

    @Test
    void result_offsetsUsedTwice_saysWhichAndBy() {
        RoundsAudit audit = auditOfLog(100);
        audit.add(deal(0, range(0, 50), range(45, 100)));
        audit.add(merge(0, slot(0, 50), slot(1, 55)));
        assertThat(audit.result().problems())
                .containsExactly(
                        "partition 0: the offsets 45 to 49 of slot 1 of round 0 were used before: trained twice");
    }

    @Test
    void result_offsetsThatNoSlotUsed_areLost() {
        RoundsAudit audit = auditOfLog(100);
        audit.add(deal(0, range(0, 40), range(50, 100)));
        audit.add(merge(0, slot(0, 40), slot(1, 50)));
        assertThat(audit.result().problems())
                .containsExactly("partition 0: the offsets 40 to 49 were used by no slot: lost");
    }

    @Test
    void result_fewerImagesThanOffsets_areLost() {
        RoundsAudit audit = auditOfLog(100);
        audit.add(deal(0, range(0, 50), range(50, 100)));
        audit.add(merge(0, slot(0, 48), slot(1, 50)));
        assertThat(audit.unexplained()).containsExactly(range(0, 50));
        assertThat(audit.result().problems())
                .containsExactly(
                        "slot 0 of round 0 trained 48 images, but its offsets hold 50 that are not in the topic"
                                + " of rejects: 2 lost");
        log.addAbsent(new ImageOffset(0, 3));
        log.addAbsent(new ImageOffset(0, 4)); // markers of transactions
        assertThat(audit.result().problems()).isEmpty();
    }

    @Test
    void result_aRoundThatWasNeverDealt_isReported() {
        RoundsAudit audit = auditOfLog(100);
        audit.add(deal(1, range(0, 100)));
        audit.add(merge(2, slot(0, 5)));
        assertThat(audit.result().problems())
                .containsExactly("round 0 is in no deal, round 1 is", "round 2 is merged, but was never dealt");
    }

    private RoundsAudit auditOfLog(long end) {
        log.addHeld(range(0, end));
        return new RoundsAudit(log);
    }

    private static OffsetRange range(long from, long to) {
        return new OffsetRange(0, from, to);
    }

    private static RoundDealt deal(long round, OffsetRange... slots) {
        return new RoundDealt(1, round, 0, List.of(slots).stream().map(List::of).toList(), LOG, 0);
    }

    private static RoundMerged merge(long round, RoundMerged.Slot... slots) {
        return new RoundMerged(1, round, 0, List.of(slots), "digest", 0, 0, 0);
    }

    private static RoundMerged.Slot slot(int slot, long images, OffsetRange... left) {
        return new RoundMerged.Slot(slot, 0, 1, "name", "sha", "bits", images, 0, List.of(left), "cpu");
    }
}
