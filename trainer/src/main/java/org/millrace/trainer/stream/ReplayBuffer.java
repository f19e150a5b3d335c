package org.millrace.trainer.stream;

import static org.millrace.contract.Check.check;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.millrace.contract.config.ReplayConfig;

/**
 * Past images to train on again. Its content is a function of the images offered, their order, and the generators passed in. Not
 * thread safe.
 *
 * <p>{@code fifo} keeps the newest; {@code reservoir} keeps a uniform sample of all that were offered (Vitter 1985, Algorithm R).
 */
public final class ReplayBuffer {
    private final ReplayConfig config;
    private final List<LoggedImage> slots = new ArrayList<>();
    private long offered;

    public ReplayBuffer(ReplayConfig config) {
        this.config = config;
    }

    /** An image put into a slot: what a copy of the buffer must do to follow. */
    public record Change(int slot, LoggedImage image) {}

    /** Offers images in order and tells what changed. */
    List<Change> offer(List<LoggedImage> images, RandomGenerator random) {
        List<Change> changes = new ArrayList<>();
        for (LoggedImage image : images) {
            int slot = slotFor(random);
            offered++;
            if (slot < config.capacity()) {
                put(slot, image);
                changes.add(new Change(slot, image));
            }
        }
        return changes;
    }

    /** A batch of different images, uniformly; fewer where the buffer holds fewer. */
    List<LoggedImage> draw(int count, RandomGenerator random) {
        Set<Integer> chosen = new HashSet<>();
        List<LoggedImage> batch = new ArrayList<>();
        int wanted = Math.min(count, slots.size());
        for (int limit = slots.size() - wanted; limit < slots.size(); limit++) {
            int slot = random.nextInt(limit + 1); // Floyd's sampling without replacement
            int taken = chosen.add(slot) ? slot : limit;
            chosen.add(taken);
            batch.add(slots.get(taken));
        }
        return batch;
    }

    /** Follows the buffer that made these changes by offering {@code offeredThen} images. */
    public void apply(List<Change> changes, int offeredThen) {
        changes.forEach(change -> put(change.slot(), change.image()));
        offered += offeredThen;
    }

    /** Takes the content of another time. */
    public void restore(List<LoggedImage> images, long offeredThen) {
        check(
                images.size() <= config.capacity(),
                "%d images do not fit replay.capacity (%d)",
                images.size(),
                config.capacity());
        slots.clear();
        slots.addAll(images);
        offered = offeredThen;
    }

    /** Content by slot. */
    public List<LoggedImage> images() {
        return List.copyOf(slots);
    }

    public long offered() {
        return offered;
    }

    private int slotFor(RandomGenerator random) {
        boolean full = slots.size() == config.capacity();
        return switch (config.policy()) {
            case NONE -> Integer.MAX_VALUE;
            case FIFO -> (int) (offered % config.capacity());
            case RESERVOIR -> full ? (int) Math.min(Integer.MAX_VALUE, random.nextLong(offered + 1)) : slots.size();
        };
    }

    private void put(int slot, LoggedImage image) {
        if (slot == slots.size()) {
            slots.add(image);
        } else {
            slots.set(slot, image);
        }
    }
}
