package org.millrace.trainer.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.StepPlan;
import org.millrace.contract.event.StreamSkipped;
import org.millrace.contract.kafka.LogIdentity;
import org.millrace.trainer.journal.JournalReader.JournalledPlan;
import org.millrace.trainer.journal.JournalReader.Past;

class LogGapTest {
    private static final LogIdentity LOG = new LogIdentity("cluster", "topic");

    @Test
    void find_everythingHeld_none() {
        Past past = new Past(List.of(plan(11, 80, 88), plan(12, 88, 96)), Optional.empty());
        assertThat(LogGap.find(at(80), Optional.of(LOG), past, log(LOG, 80, 96)))
                .isEmpty();
        assertThat(LogGap.find(StreamPosition.START, Optional.empty(), Past.NONE, log(LOG, 7, 96)))
                .as("a run begins where the log does")
                .isEmpty();
    }

    @Test
    void find_retentionPassedThePosition_goesOnAtTheLogsBeginning() {
        LogGap gap = LogGap.find(at(80), Optional.of(LOG), Past.NONE, log(LOG, 100, 200))
                .orElseThrow();
        assertThat(gap.what()).contains("offset 80 of partition 0 of images, whose log begins at 100 now: retention");
        assertThat(gap.goOnAt()).containsExactly(Map.entry(0, 100L));
    }

    @Test
    void find_retentionPassedAPlannedRange_goesBackBehindWhatIsTrained() {
        Past past = new Past(List.of(plan(11, 80, 88), plan(12, 88, 96)), Optional.empty());
        LogGap gap =
                LogGap.find(at(80), Optional.of(LOG), past, log(LOG, 84, 200)).orElseThrow();
        assertThat(gap.what()).startsWith("step 11 planned to train offset 80");
        assertThat(gap.goOnAt()).as("the plans are void").containsExactly(Map.entry(0, 84L));
    }

    @Test
    void find_logLostItsEnd_goesOnAtItsEnd() {
        LogGap gap = LogGap.find(at(80), Optional.of(LOG), Past.NONE, log(LOG, 0, 60))
                .orElseThrow();
        assertThat(gap.what()).contains("whose log ends at 60: the log lost its end");
        assertThat(gap.goOnAt()).containsExactly(Map.entry(0, 60L));
        Past past = new Past(List.of(plan(11, 80, 88)), Optional.empty());
        assertThat(LogGap.find(at(80), Optional.of(LOG), past, log(LOG, 0, 84)))
                .as("a planned range is cut off")
                .isPresent();
    }

    @Test
    void find_anotherTopicOrCluster_goesOnAtItsBeginning() {
        LogGap topic = LogGap.find(at(80), Optional.of(LOG), Past.NONE, log(new LogIdentity("cluster", "new"), 0, 200))
                .orElseThrow();
        assertThat(topic.what()).contains("was deleted and created again", "its id was topic and is new now");
        assertThat(topic.goOnAt()).containsExactly(Map.entry(0, 0L));
        LogGap cluster = LogGap.find(at(80), Optional.of(LOG), Past.NONE, log(new LogIdentity("other", "new"), 5, 200))
                .orElseThrow();
        assertThat(cluster.what()).contains("another Kafka cluster", "its id was cluster and is other now");
        assertThat(cluster.goOnAt()).containsExactly(Map.entry(0, 5L));
    }

    @Test
    void find_skippedAlready_countsFromThere() {
        LogIdentity anew = new LogIdentity("cluster", "new");
        StreamSkipped skip = new StreamSkipped(JournalEvent.SCHEMA, 10, Map.of(0, 20L), anew, "gone", 0);
        Past skipped = new Past(List.of(), Optional.of(skip));
        assertThat(LogGap.find(at(80), Optional.of(LOG), skipped, log(anew, 20, 40)))
                .isEmpty();
        Past planned = new Past(
                List.of(new JournalledPlan(
                        new StepPlan(11, List.of(new OffsetRange(0, 20, 28)), 8), 1, Optional.of(skip))),
                Optional.empty());
        assertThat(LogGap.find(at(80), Optional.of(LOG), planned, log(anew, 20, 40)))
                .isEmpty();
        assertThat(LogGap.find(at(80), Optional.of(LOG), planned, log(anew, 24, 40))
                        .orElseThrow()
                        .goOnAt())
                .containsExactly(Map.entry(0, 24L));
    }

    private static StreamPosition at(long offset) {
        return new StreamPosition(10, Map.of(0, offset), Map.of(0, 1), offset, 0);
    }

    private static JournalledPlan plan(long step, long from, long to) {
        return new JournalledPlan(new StepPlan(step, List.of(new OffsetRange(0, from, to)), (int) (to - from)), step);
    }

    private static LogGap.Log log(LogIdentity identity, long from, long to) {
        return new LogGap.Log("images", identity, Map.of(0, new OffsetRange(0, from, to)));
    }
}
