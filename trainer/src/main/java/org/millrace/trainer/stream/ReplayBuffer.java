package org.millrace.trainer.stream;

import static org.millrace.contract.Check.check;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.config.ReplayConfig;
import org.millrace.contract.config.ReplayConfig.Policy;

/**
 * Past images to train on again. Its content is a function of the images offered, their order, the generators passed in, and the
 * features and losses of trained images. Not thread safe.
 *
 * <p>{@code fifo} keeps the newest; {@code reservoir} keeps a uniform sample of all that were offered (Vitter 1985, Algorithm R);
 * {@code min-red} keeps what is least alike, see {@link MinRed}. {@code two-tier} holds the newest in a short-term tier, behind the
 * long-term one, which an image joins when it leaves the other; {@code replay.long-term} decides what that one keeps. Steps are prepared
 * ahead of training, so the features and losses of a step count only {@code lag} steps later, whenever they come: the content does not
 * depend on which of the two was quicker.
 */
public final class ReplayBuffer {
    private final ReplayConfig config;
    private final int lag;
    private final Remembered remembered;
    private final List<ReplayItem> items = new ArrayList<>(); // by slot
    private final Deque<TrainedImages> waiting = new ArrayDeque<>(); // what does not count yet, oldest first
    private final MinRed minRed = new MinRed();
    private final Optional<FreshShare> freshShare; // of two tiers
    private long offered;
    private long arrivals;
    private long trainedStep;

    /** @param lag steps after which the features and losses of a step count */
    ReplayBuffer(ReplayConfig config, int lag) {
        check(lag >= 1, "lag must be at least 1, but was %d", lag);
        this.config = config;
        this.lag = lag;
        this.remembered = Remembered.of(config);
        this.freshShare = config.policy() == Policy.TWO_TIER ? Optional.of(new FreshShare(config)) : Optional.empty();
    }

    /** An empty buffer. When a step is prepared, the one that had its place among the prepared ones before has been trained. */
    public static ReplayBuffer of(MillraceConfig config) {
        return new ReplayBuffer(config.replay(), config.trainer().prefetchBatches() + 1);
    }

    /** An image put into a slot; or, where there is none, the slot removed and those behind it moved up. */
    public record Change(int slot, Optional<StoredImage> image) {}

    /** Whether every trained step must be passed to {@link #trained}. */
    public boolean learns() {
        return remembered != Remembered.NOTHING || freshShare.isPresent();
    }

    /** Takes the features and losses of the step that follows the last one taken. */
    public void trained(TrainedStep trained) {
        check(
                trained.step() > trainedStep,
                "the features of step %d come after those of step %d",
                trained.step(),
                trainedStep);
        trainedStep = trained.step();
        switch (remembered) {
            case NOTHING -> {}
            case FEATURE -> waiting.add(trained.images());
            case LOSS -> waiting.add(trained.standings());
        }
        freshShare.ifPresent(share -> share.trained(trained.losses()));
    }

    /** Whether the features and losses that count at a step are there. */
    boolean isReadyFor(long step) {
        return !learns() || step - lag <= trainedStep;
    }

    /** Begins a step, before its images are offered or drawn: from now on the features and losses of {@code step − lag} count. */
    void begin(long step) {
        check(
                isReadyFor(step),
                "step %d needs the features of step %d, but they end at %d",
                step,
                step - lag,
                trainedStep);
        while (!waiting.isEmpty() && waiting.element().step() <= step - lag) {
            learn(waiting.remove());
        }
        freshShare.ifPresent(share -> share.begin(step - lag));
    }

    /** Offers images in order; returns what changed. */
    List<Change> offer(List<StoredImage> images, RandomGenerator random) {
        return switch (config.policy()) {
            case NONE -> none(images);
            case FIFO, RESERVOIR -> replace(images, random);
            case MIN_RED -> appendAndShrink(images);
            case TWO_TIER -> appendAndPassOn(images, random);
        };
    }

    /** Different images of the long-term tier, or of a buffer without tiers, uniformly; fewer where it holds fewer. */
    List<StoredImage> draw(int count, RandomGenerator random) {
        return draw(items.subList(0, longTerm()), count, random);
    }

    /** Different images of the short-term tier, uniformly; fewer where it holds fewer. */
    List<StoredImage> drawShortTerm(int count, RandomGenerator random) {
        return draw(items.subList(longTerm(), items.size()), count, random);
    }

    private static List<StoredImage> draw(List<ReplayItem> from, int count, RandomGenerator random) {
        Set<Integer> chosen = new HashSet<>();
        List<StoredImage> batch = new ArrayList<>();
        int wanted = Math.min(count, from.size());
        for (int limit = from.size() - wanted; limit < from.size(); limit++) {
            int slot = random.nextInt(limit + 1); // Floyd's sampling without replacement
            int taken = chosen.add(slot) ? slot : limit;
            chosen.add(taken);
            batch.add(from.get(taken).image());
        }
        return batch;
    }

    /** Follows the buffer that made these changes at that step by offering {@code offeredThen} images. */
    public void apply(long step, List<Change> changes, int offeredThen) {
        begin(step);
        for (Change change : changes) {
            change.image().ifPresentOrElse(image -> put(change.slot(), image), () -> items.remove(change.slot()));
        }
        offered += offeredThen;
    }

    /** Replaces the content by that of another time. */
    public void restore(ReplayContent content, long offeredThen) {
        check(
                content.images().size() <= config.capacity(),
                "%d images do not fit replay.capacity (%d)",
                content.images().size(),
                config.capacity());
        items.clear();
        minRed.clear();
        for (ReplayContent.Kept kept : content.images()) {
            put(items.size(), kept.image());
            kept.feature().ifPresent(items.get(items.size() - 1)::setFeature);
        }
        waiting.clear();
        waiting.addAll(content.waiting());
        trainedStep = waiting.isEmpty() ? 0 : waiting.getLast().step();
        offered = offeredThen;
    }

    /** Replaces the share of fresh images by that of another time, after {@link #restore}. */
    public void restoreShare(FreshShareContent content) {
        freshShare.ifPresent(share -> share.restore(content));
        content.waiting().forEach(losses -> trainedStep = Math.max(trainedStep, losses.step()));
    }

    /** All that {@link #restoreShare} needs; empty without tiers. */
    public Optional<FreshShareContent> shareContent() {
        return freshShare.map(FreshShare::content);
    }

    /** Share of a batch meant for new images and those of the short-term tier; empty without tiers. */
    OptionalDouble freshShare() {
        return freshShare.isEmpty()
                ? OptionalDouble.empty()
                : OptionalDouble.of(freshShare.get().share());
    }

    /** All that {@link #restore} needs besides the count. */
    public ReplayContent content() {
        return new ReplayContent(
                items.stream()
                        .map(item -> new ReplayContent.Kept(item.image(), item.feature()))
                        .toList(),
                List.copyOf(waiting));
    }

    /** Images that it holds. */
    int size() {
        return items.size();
    }

    /** Images in the short-term tier, the last ones: each is there until as many others have come. */
    int shortTerm() {
        return (int) Math.min(offered, config.shortTermCapacity());
    }

    /** Images in the long-term tier, or in a buffer without tiers. */
    int longTerm() {
        return items.size() - shortTerm();
    }

    public long offered() {
        return offered;
    }

    private List<Change> none(List<StoredImage> images) {
        offered += images.size();
        return List.of();
    }

    private List<Change> replace(List<StoredImage> images, RandomGenerator random) {
        List<Change> changes = new ArrayList<>();
        for (StoredImage image : images) {
            long slot = slotFor(random);
            offered++;
            if (slot < config.capacity()) {
                put((int) slot, image);
                changes.add(new Change((int) slot, Optional.of(image)));
            }
        }
        return changes;
    }

    private long slotFor(RandomGenerator random) {
        boolean drawn = config.policy() == Policy.RESERVOIR && items.size() == config.capacity();
        return drawn ? random.nextLong(offered + 1) : offered % config.capacity();
    }

    private List<Change> appendAndShrink(List<StoredImage> images) {
        List<Change> changes = append(images);
        for (int slot : minRed.shrink(items, config.capacity())) {
            changes.add(new Change(slot, Optional.empty()));
        }
        return changes;
    }

    private List<Change> append(List<StoredImage> images) {
        List<Change> changes = new ArrayList<>();
        for (StoredImage image : images) {
            changes.add(new Change(items.size(), Optional.of(image)));
            put(items.size(), image);
        }
        offered += images.size();
        return changes;
    }

    // the short-term tier is the end of the list: what it has no room for is behind the long-term one, and so joins it
    // where it lies
    private List<Change> appendAndPassOn(List<StoredImage> images, RandomGenerator random) {
        int before = longTerm();
        long passedOn = offered - shortTerm();
        List<Change> changes = append(images);
        List<ReplayItem> longTerm = items.subList(0, longTerm());
        List<Integer> gone = switch (config.longTerm()) {
            case RESERVOIR -> Reservoir.shrink(longTerm, before, passedOn, config.longTermCapacity(), random);
            case MIN_RED -> minRed.shrink(longTerm, config.longTermCapacity());
            case HIGH_LOSS -> HighLoss.shrink(longTerm, config.longTermCapacity());
        };
        gone.forEach(slot -> changes.add(new Change(slot, Optional.empty())));
        return changes;
    }

    private void put(int slot, StoredImage image) {
        ReplayItem item = new ReplayItem(image, arrivals++);
        if (slot == items.size()) {
            items.add(item);
        } else {
            items.set(slot, item);
        }
    }

    private void learn(TrainedImages trained) {
        Map<ImageOffset, Integer> rows = new HashMap<>();
        for (int row = 0; row < trained.images().size(); row++) {
            rows.put(trained.images().get(row), row);
        }
        for (ReplayItem item : items) {
            Integer row = rows.get(item.image().at());
            if (row != null) {
                float[] now = trained.feature(row);
                item.setFeature(item.feature()
                        .map(before -> remembered.mixed(before, now, config.featureRate()))
                        .orElse(now));
            }
        }
    }
}
