package org.millrace.trainer.inspect;

import java.util.List;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.OffsetRange;

/**
 * Whether a run used every image of its stream once: the events of its journal go in, and are compared with the {@link PresentLog}; what is
 * wrong comes out in words. Not thread safe.
 */
public interface Audit {
    /** Takes an event of the journal, in order. */
    void add(JournalEvent event);

    /** The ranges that hold more offsets than images and refused ones: {@link PresentLog#addAbsent} must say which of them have no record. */
    List<OffsetRange> unexplained();

    Result result();

    /**
     * What the audit found.
     *
     * @param steps planned
     * @param waiting planned and not yet computed
     * @param offsets covered by plans
     * @param trained images of the steps that were computed, each once
     * @param planned images of the steps that wait
     * @param gated images that decode and that the gate left out
     * @param refused images of the covered offsets
     * @param absent covered offsets without a record: transactions' markers, or what a compacted topic has dropped before it was planned
     * @param gone covered offsets that the log no longer holds, of which only the plan can speak
     * @param recomputed steps that had other results after settings were changed, in words
     * @param skipped offsets that the run's owner let it go on without, where they are known
     * @param skips why, in words
     * @param problems in words; empty where every offset was trained exactly once or refused
     */
    public record Result(
            long steps,
            long waiting,
            long offsets,
            long trained,
            long planned,
            long gated,
            long refused,
            long absent,
            long gone,
            long skipped,
            List<String> skips,
            List<String> recomputed,
            List<String> problems) {
        public Result {
            skips = List.copyOf(skips);
            recomputed = List.copyOf(recomputed);
            problems = List.copyOf(problems);
        }
    }
}
