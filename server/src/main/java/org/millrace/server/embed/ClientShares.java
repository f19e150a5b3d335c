package org.millrace.server.embed;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.server.embed.ScaledImages.Judged;

/**
 * Each client's share of the queue: none may hold more than three quarters of it, of which images that are expensive to decode may make up
 * two thirds. Not thread safe.
 */
final class ClientShares {
    private static final int BATCHES_HELD = 4;
    /** The {@link Judged#work} above which a call counts as long: about 10 ms. */
    private static final long LONG_WORK = 1 << 20;
    /** How many of the most expensive images one client may have in work. */
    private static final int DEAREST_HELD = 4;

    private static final int DEAREST_PASSES = 16;

    private final int mostImages;
    private final long mostLongWork;
    /** The images in work, by client. */
    private final Map<String, Held> held = new HashMap<>();

    private int imagesHeld;

    ClientShares(MillraceConfig config) {
        this.mostImages = BATCHES_HELD * config.evaluator().batchSize();
        this.mostLongWork =
                (long) DEAREST_HELD * DEAREST_PASSES * config.images().maxPixels();
    }

    /**
     * A client's images that are to be embedded.
     *
     * @param work of all, as {@link Judged#work}
     */
    record Call(String client, int images, long work) {
        boolean isLong() {
            return work > LONG_WORK;
        }
    }

    /** A client's images that are not embedded yet, and images and work of its long calls. */
    private static final class Held {
        private int images;
        private int longImages;
        private long longWork;
    }

    /** Whether the call fits; its images are held then, until {@link #release}. A call above the share fits where the client has no other. */
    boolean admit(Call call) {
        Held own = held.getOrDefault(call.client(), new Held());
        if (!fits(call, own) || !fitsLong(call, own)) {
            return false;
        }
        held.put(call.client(), own);
        own.images += call.images();
        own.longImages += call.isLong() ? call.images() : 0;
        own.longWork += call.isLong() ? call.work() : 0;
        imagesHeld += call.images();
        return true;
    }

    private boolean fits(Call call, Held own) {
        boolean inShare =
                imagesHeld + call.images() <= mostImages && own.images + call.images() <= mostImages - mostImages / 4;
        return inShare || (own.images == 0 && imagesHeld <= mostImages);
    }

    private boolean fitsLong(Call call, Held own) {
        return !call.isLong()
                || (own.longImages + call.images() <= mostImages / 2 && own.longWork + call.work() <= mostLongWork)
                || own.longImages == 0;
    }

    /** Gives back what an admitted call holds. */
    void release(Call call) {
        imagesHeld -= call.images();
        Held own = Objects.requireNonNull(held.get(call.client()));
        own.images -= call.images();
        own.longImages -= call.isLong() ? call.images() : 0;
        own.longWork -= call.isLong() ? call.work() : 0;
        if (own.images == 0) {
            held.remove(call.client());
        }
    }
}
