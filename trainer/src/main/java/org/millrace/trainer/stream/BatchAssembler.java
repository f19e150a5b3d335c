package org.millrace.trainer.stream;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.UserException;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.Signals;
import org.millrace.contract.event.Stage;
import org.millrace.contract.event.StepPlan;
import org.millrace.trainer.gate.Gate;
import org.millrace.trainer.gate.Judged;

/**
 * Cuts batches off the image log: a fresh one as the log offers it, so that exactly N images decode, or the one that a journalled plan
 * names. Not thread safe.
 */
final class BatchAssembler {
    private static final Duration POLL = Duration.ofMillis(100);
    private static final int HOLES_NAMED = 5;
    private static final Comparator<ImageOffset> ORDER =
            Comparator.comparingInt(ImageOffset::partition).thenComparingLong(ImageOffset::offset);

    private final ImageLog log;
    private final Preparation preparation;
    private final Gate gate;
    private final OtherFrames otherFrames;
    private final int chunk;
    private final BooleanSupplier stopped;
    private final Optional<NewImages> dealt;

    /**
     * @param gate as after the batch before; it judges every image that decodes
     * @param otherFrames of the batch under way
     * @param chunk images of a plan that are taken at once
     * @param stopped asked between polls; when it holds, no batch is made
     * @param dealt the new images to take; empty for all that come
     */
    BatchAssembler(
            ImageLog log,
            Preparation preparation,
            Gate gate,
            OtherFrames otherFrames,
            int chunk,
            BooleanSupplier stopped,
            Optional<NewImages> dealt) {
        this.log = log;
        this.preparation = preparation;
        this.gate = gate;
        this.otherFrames = otherFrames;
        this.chunk = chunk;
        this.stopped = stopped;
        this.dealt = dealt;
    }

    /**
     * The next batch of new images; empty when stopped, or when the log's end is reached without a full one.
     *
     * @param wanted images in it
     * @param gateOpen whether the gate keeps every image
     * @param ends offsets at which to stop waiting, or none to wait for ever
     */
    Optional<FreshBatch> next(
            int wanted, boolean gateOpen, Optional<Map<Integer, Long>> ends, StreamEvents events, StageClock clock)
            throws InterruptedException {
        NewImages order = dealt.orElseGet(() -> NewImages.oldestFirst(log, ends));
        Decoded decoded = new Decoded(gateOpen);
        while (decoded.images.size() < wanted) {
            List<LoggedImage> images = take(order, wanted - decoded.images.size());
            if (!images.isEmpty()) {
                decoded.add(images, clock);
                continue;
            }
            if (stopped.getAsBoolean()) {
                return Optional.empty();
            }
            if (order.isAtEnd()) {
                events.leftOver(decoded.images.size());
                return Optional.empty();
            }
            log.poll(POLL);
            clock.lap(Stage.FETCH);
            events.waiting(decoded.images.size(), wanted);
        }
        return Optional.of(decoded.batch(order.ranges()));
    }

    // never more than are lacking: the next batch begins behind the image that fills this one
    private static List<LoggedImage> take(NewImages order, int most) {
        List<LoggedImage> images = new ArrayList<>();
        Optional<LoggedImage> image = order.take();
        while (image.isPresent()) {
            images.add(image.get());
            image = images.size() < most ? order.take() : Optional.empty();
        }
        return images;
    }

    /** Moves on in the log, over what is gone. */
    void moveTo(Map<Integer, Long> nextOffsets) {
        log.moveTo(nextOffsets);
    }

    /**
     * The batch of a plan; empty when stopped first.
     *
     * @throws LogGapException where the log has lost records of its ranges
     */
    Optional<FreshBatch> again(StepPlan plan, StageClock clock) throws InterruptedException {
        Decoded decoded = new Decoded(Signals.isGateOpen(plan.signals()));
        for (OffsetRange range : plan.ranges()) {
            log.requireNext(range);
            while (!log.hasPassed(range)) {
                List<LoggedImage> images = log.take(range, chunk);
                if (!images.isEmpty()) {
                    decoded.add(images, clock);
                } else if (stopped.getAsBoolean()) {
                    return Optional.empty();
                } else if (!log.hasPassed(range)) {
                    log.poll(POLL);
                    clock.lap(Stage.FETCH);
                }
            }
        }
        int lacking = plan.images() + plan.skipped() - decoded.usable();
        if (lacking > decoded.unreachable && lacking <= decoded.withoutRecord(plan)) {
            throw new LogGapException("step " + plan.step() + " planned to train " + plan.images()
                    + " images, of which " + log.topic() + " no longer holds " + lacking + ": " + holes(plan, decoded));
        }
        if (lacking != 0) {
            throw new UserException("step " + plan.step() + " was planned with " + (plan.images() + plan.skipped())
                    + " images, but the log gives " + decoded.usable() + " in " + plan.ranges()
                    + ": the file of a claim-check record is gone, or an image decodes differently than before."
                    + " Bring it back, or start a new run with another run.name.");
        }
        if (decoded.images.size() != plan.images()) {
            throw new UserException("step " + plan.step() + " was planned to train " + plan.images()
                    + " images and to skip "
                    + plan.skipped() + ", but the gate (stream.gate) now keeps " + decoded.images.size() + " in "
                    + plan.ranges() + ": the log before them is not the one that it had seen."
                    + " Start a new run with another run.name.");
        }
        return Optional.of(decoded.batch(plan.ranges()));
    }

    // the first offsets of a plan that have no record; markers of transactions may be among them
    private static String holes(StepPlan plan, Decoded decoded) {
        String first = plan.ranges().stream()
                .flatMap(range -> LongStream.range(range.from(), range.to())
                        .mapToObj(offset -> new ImageOffset(range.partition(), offset)))
                .filter(at -> !decoded.records.contains(at))
                .limit(HOLES_NAMED)
                .map(at -> at.partition() + "/" + at.offset())
                .collect(Collectors.joining(", "));
        long all = decoded.withoutRecord(plan);
        return "there is no record at " + first + (all > HOLES_NAMED ? " and " + (all - HOLES_NAMED) + " more" : "")
                + " (partition/offset).";
    }

    private final class Decoded {
        private final Set<ImageOffset> records = new HashSet<>();
        private int unreachable; // claim checks that point to nothing
        private final List<DecodedImage> images = new ArrayList<>();
        private final List<Rejection> rejections = new ArrayList<>();
        private final List<Judged> judged = new ArrayList<>();
        private final boolean gateOpen;

        /** @param gateOpen whether the gate keeps every image */
        Decoded(boolean gateOpen) {
            this.gateOpen = gateOpen;
            otherFrames.begin();
        }

        // images that decode
        int usable() {
            return gate.isOpen() ? images.size() : judged.size();
        }

        long withoutRecord(StepPlan plan) {
            return plan.ranges().stream().mapToLong(OffsetRange::length).sum() - records.size();
        }

        void add(List<LoggedImage> taken, StageClock clock) throws InterruptedException {
            List<DecodeOutcome> outcomes = preparation.decode(taken);
            clock.lap(Stage.DECODE);
            for (DecodeOutcome outcome : outcomes) {
                if (outcome instanceof DecodedImage decoded) {
                    records.add(decoded.image().at());
                    judge(decoded);
                } else if (outcome instanceof Rejection rejection) {
                    records.add(rejection.image().at());
                    rejections.add(rejection);
                    unreachable += rejection.image().claim().isPresent() ? 1 : 0;
                }
            }
            if (!gate.isOpen()) {
                clock.lap(Stage.GATE);
            }
        }

        private void judge(DecodedImage decoded) {
            if (gate.isOpen()) {
                images.add(decoded);
                return;
            }
            Judged verdict = gate.judge(decoded.image().at(), decoded.image().source(), decoded.thumbnail(), gateOpen);
            judged.add(verdict);
            DecodedImage seen = decoded.as(decoded.image().inSegment(verdict.segment()));
            otherFrames.add(seen, verdict.kept());
            if (verdict.kept()) {
                images.add(seen);
            } else {
                preparation.drop(seen);
            }
        }

        // The order of a batch is by partition and offset, so that the plan's ranges alone determine it.
        FreshBatch batch(List<OffsetRange> ranges) {
            List<DecodedImage> ordered = images.stream()
                    .sorted(Comparator.comparing(decoded -> decoded.image().at(), ORDER))
                    .map(image ->
                            image.withOtherFrame(otherFrames.of(image.image().at())))
                    .toList();
            return new FreshBatch(ranges, ordered, rejections, judged, log.nextOffsets(), log.leaderEpochs());
        }
    }
}
