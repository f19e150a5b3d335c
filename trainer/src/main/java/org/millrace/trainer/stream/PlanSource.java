package org.millrace.trainer.stream;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.function.Supplier;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.Signals;
import org.millrace.contract.event.StepPlan;
import org.millrace.trainer.journal.JournalReader.Past;

/**
 * Where the plans of the following steps come from: first the journal, then the stream.
 *
 * @param past what the journal holds already of the following steps
 * @param journal makes a new plan durable; completes with the journal's offset behind it. Empty: no step follows the journalled plans
 * @param ends offsets at which the stream counts as ended, or none to wait for more for ever
 * @param signals what a new plan takes from other topics, asked for before and after its images come
 * @param dealt to which new steps keep, ascending in each partition; empty for all images that come
 */
public record PlanSource(
        Past past,
        Optional<Function<StepPlan, Future<Long>>> journal,
        Optional<Map<Integer, Long>> ends,
        Optional<List<OffsetRange>> dealt,
        Supplier<Optional<Signals>> signals) {
    /** The journalled plans alone. */
    public static PlanSource ofJournal(Past past) {
        return new PlanSource(past, Optional.empty(), Optional.empty(), Optional.empty(), Optional::empty);
    }

    /** The journalled plans, then new ones for ever. */
    public static PlanSource ofStream(Past past, Function<StepPlan, Future<Long>> journal) {
        return ofStream(past, journal, Optional::empty);
    }

    /** The journalled plans, then new ones for ever, with signals. */
    public static PlanSource ofStream(
            Past past, Function<StepPlan, Future<Long>> journal, Supplier<Optional<Signals>> signals) {
        return new PlanSource(past, Optional.of(journal), Optional.empty(), Optional.empty(), signals);
    }

    /** New plans for the whole batches in these ranges; the deal, which is durable already, stands for a journal. */
    static PlanSource ofDeal(List<OffsetRange> dealt) {
        return new PlanSource(
                Past.NONE,
                Optional.of(plan -> CompletableFuture.completedFuture(0L)),
                Optional.empty(),
                Optional.of(dealt),
                Optional::empty);
    }

    /** The same, where the stream ends at these offsets. */
    PlanSource until(Map<Integer, Long> end) {
        return new PlanSource(past, journal, Optional.of(end), dealt, signals);
    }
}
