package org.millrace.trainer.stream;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.millrace.contract.UserException;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.StepPlan;
import org.millrace.contract.event.StreamSkipped;
import org.millrace.contract.kafka.LogIdentity;
import org.millrace.trainer.journal.JournalReader;
import org.millrace.trainer.journal.JournalReader.JournalledPlan;
import org.millrace.trainer.journal.JournalReader.Past;

/**
 * Whether what a journal plans follows from where the run stands. Another program could have written a record there that reads like the
 * trainer's; one that contradicts the run is refused before anything is trained by it.
 *
 * @param journal the topic
 * @param maySkip whether {@code trainer.on-gap} lets the stream move: its owner knows then of moves that the log no longer explains
 */
record PastCheck(String journal, int batchSize, LogGap.Log now, boolean maySkip) {
    /**
     * Throws where the past does not go on from the position.
     *
     * @param then the log that the position belongs to, where that is known
     */
    void require(StreamPosition position, Optional<LogIdentity> then, Past past) {
        Map<Integer, Long> next = new HashMap<>(position.nextOffsets());
        Optional<LogIdentity> log = then;
        for (JournalledPlan journalled : past.plans()) {
            StepPlan plan = journalled.plan();
            String record = journal + ", partition 0, offset " + (journalled.nextOffset() - 1);
            if (journalled.skippedBefore().isPresent()) {
                StreamSkipped skip = journalled.skippedBefore().get();
                require(skip, log, next, "before " + record);
                log = Optional.of(skip.log());
            }
            problem(plan, next).ifPresent(problem -> {
                throw refused(record + ": the plan of step " + plan.step() + " " + problem);
            });
        }
        if (past.skippedAfter().isPresent()) {
            require(past.skippedAfter().get(), log, next, "at the end of " + journal + ", partition 0");
        }
    }

    /** What of a plan cannot be; moves {@code next} behind its ranges. */
    private Optional<String> problem(StepPlan plan, Map<Integer, Long> next) {
        for (OffsetRange range : plan.ranges()) {
            Long stands = next.put(range.partition(), range.to());
            if (stands != null && stands != range.from()) {
                return Optional.of("begins at offset " + range.from() + " of partition " + range.partition() + " of "
                        + now.topic() + ", where the run stands at " + stands + ".");
            }
        }
        boolean possible = plan.fresh()
                ? plan.images() >= 1 && plan.images() <= batchSize
                : plan.images() == 0 && plan.skipped() == 0;
        return possible
                ? Optional.empty()
                : Optional.of("takes " + plan.images() + " images of "
                        + plan.ranges().size() + " ranges, and a batch has " + batchSize + " (trainer.batch-size).");
    }

    /** A move over images that the log still holds, or back in the same log; what is gone justifies others. */
    private void require(StreamSkipped skip, Optional<LogIdentity> before, Map<Integer, Long> next, String where) {
        boolean sameLog =
                skip.log().equals(now.identity()) && before.orElse(skip.log()).equals(skip.log());
        skip.nextOffsets().forEach((partition, offset) -> {
            Long stands = next.put(partition, offset);
            OffsetRange held = now.held().get(partition);
            boolean explained = stands == null
                    || held == null
                    || offset.equals(stands)
                    || (offset > stands && offset <= held.from());
            if (sameLog && !maySkip && !explained) {
                throw refused(
                        where + ": a skip after step " + skip.step() + " moves the run from offset " + stands + " to "
                                + offset + " of partition " + partition + " of " + now.topic()
                                + ", and the log does not show why; the reason that it gives is: " + skip.reason()
                                + "\nIf the log did lose its end, start once with --on-gap=skip. If not:");
            }
        });
    }

    private UserException refused(String what) {
        return new UserException(what + "\nAnother program wrote that record: only the trainer may write to " + journal
                + ". Nothing was trained by it. " + JournalReader.HOW_TO_GO_ON);
    }
}
