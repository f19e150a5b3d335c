package org.millrace.trainer.stream;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.millrace.contract.UserException;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.StepPlan;
import org.millrace.contract.event.StreamSkipped;
import org.millrace.contract.kafka.LogIdentity;
import org.millrace.trainer.journal.JournalReader.JournalledPlan;
import org.millrace.trainer.journal.JournalReader.Past;

/** Records of a journal that read like the trainer's and contradict the run: it stands at offset 80 after step 10; the log holds 40 to 200. */
final class PastCheckTest {
    private static final LogIdentity LOG = new LogIdentity("cluster", "topic");
    private static final LogIdentity OTHER = new LogIdentity("cluster", "the same name again");

    @Test
    void require_whatATrainerWrites_passes() {
        assertPasses(false, new Past(List.of(plan(11, 80, 88), plan(12, 88, 96)), Optional.empty()));
        assertPasses(
                false,
                new Past(List.of(journalled(new StepPlan(11, List.of(), 0), Optional.empty())), Optional.empty()));
        assertPasses(false, new Past(List.of(), Optional.of(skip(10, 80, LOG))));
        assertPasses(true, new Past(List.of(), Optional.of(skip(10, 60, LOG))));
        assertPasses(
                false,
                new Past(
                        List.of(journalled(fresh(11, 0, 8, 8), Optional.of(skip(10, 0, OTHER)))),
                        Optional.empty())); // the topic was created again, and perhaps once more since
        new PastCheck("main.steps", 8, log(120, 200), false)
                .require(at(80), Optional.of(LOG), new Past(List.of(), Optional.of(skip(10, 120, LOG))));
    }

    @ParameterizedTest
    @CsvSource({
        "72, 80, 8, 'begins at offset 72 of partition 0 of images, where the run stands at 80'", // trained already
        "76, 84, 8, 'begins at offset 76'", // overlaps
        "88, 96, 8, 'begins at offset 88'", // leaves images out
        "80, 80, 0, 'takes 0 images of 1 ranges'",
        "80, 96, 16, 'takes 16 images of 1 ranges, and a batch has 8'"
    })
    void require_planThatContradictsTheRun_namesRecordAndWayOn(long from, long to, int images, String words) {
        assertRefused(
                plans(fresh(11, from, to, images)), "main.steps, partition 0, offset 11: the plan of step 11 " + words);
    }

    @Test
    void require_overlappingRangesAndImagesWithoutRanges_areRefused() {
        StepPlan overlapping = new StepPlan(11, List.of(new OffsetRange(0, 80, 86), new OffsetRange(0, 84, 88)), 8);
        assertRefused(plans(overlapping), "begins at offset 84 of partition 0 of images, where the run stands at 86");
        assertRefused(plans(new StepPlan(11, List.of(), 8)), "takes 8 images of 0 ranges");
    }

    @ParameterizedTest
    @CsvSource({"0", "40", "79", "81", "200"})
    void require_skipThatTheLogDoesNotExplain_isRefused(long offset) {
        String words = "a skip after step 10 moves the run from offset 80 to " + offset
                + " of partition 0 of images, and the log does not show why; the reason that it gives is: forged";
        assertRefused(new Past(List.of(), Optional.of(skip(10, offset, LOG))), words);
        assertRefused(
                new Past(
                        List.of(journalled(fresh(11, offset, offset + 8, 8), Optional.of(skip(10, offset, LOG)))),
                        Optional.empty()),
                "before main.steps, partition 0, offset 11: " + words);
    }

    private static void assertPasses(boolean maySkip, Past past) {
        assertThatCode(() ->
                        new PastCheck("main.steps", 8, log(40, 200), maySkip).require(at(80), Optional.of(LOG), past))
                .doesNotThrowAnyException();
    }

    private static void assertRefused(Past past, String words) {
        assertThatThrownBy(() ->
                        new PastCheck("main.steps", 8, log(40, 200), false).require(at(80), Optional.of(LOG), past))
                .isInstanceOf(UserException.class)
                .hasMessageContaining(words)
                .hasMessageContaining("millrace branch");
    }

    private static Past plans(StepPlan plan) {
        return new Past(List.of(journalled(plan, Optional.empty())), Optional.empty());
    }

    private static JournalledPlan plan(long step, long from, long to) {
        return journalled(fresh(step, from, to, (int) (to - from)), Optional.empty());
    }

    private static StepPlan fresh(long step, long from, long to, int images) {
        return new StepPlan(step, List.of(new OffsetRange(0, from, to)), images);
    }

    private static JournalledPlan journalled(StepPlan plan, Optional<StreamSkipped> skip) {
        return new JournalledPlan(plan, plan.step() + 1, skip);
    }

    private static StreamSkipped skip(long step, long offset, LogIdentity log) {
        return new StreamSkipped(JournalEvent.SCHEMA, step, Map.of(0, offset), log, "forged", 0);
    }

    private static LogGap.Log log(long from, long to) {
        return new LogGap.Log("images", LOG, Map.of(0, new OffsetRange(0, from, to)));
    }

    private static StreamPosition at(long offset) {
        return new StreamPosition(10, Map.of(0, offset), Map.of(), 80, 0);
    }
}
