package org.millrace.trainer.stream;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.encoder.image.ClaimChecks;
import org.millrace.encoder.image.Pixels;
import org.millrace.encoder.image.UndecodableImageException;
import org.millrace.trainer.gate.Gate;
import org.millrace.trainer.gate.Thumbnail;
import org.millrace.trainer.view.Views;

/**
 * The work on single images: fetch what a claim check points to → decode, and the views of each, on {@code trainer.prepare-threads}
 * threads. The result does not depend on their number. For one caller.
 *
 * <p>The pixels of a batch that wait for their views take at most {@link #HELD_SHARE} of the heap. Those that do not fit are dropped and
 * decoded again when it is their turn.
 */
final class Preparation implements AutoCloseable {
    private static final int HELD_SHARE = 4;
    private static final int KILO = 1024;

    private final ClaimChecks claimChecks;
    private final LogDecoder decoder;
    private final List<Views> views; // by worker
    private final Workers workers;
    private final boolean thumbnails;
    private final int most; // kilobytes of pixels
    private final Semaphore free;

    Preparation(MillraceConfig config, LogDecoder decoder) {
        this(config, decoder, Runtime.getRuntime().maxMemory() / HELD_SHARE);
    }

    /** @param heldBytes of pixels that may wait for their views */
    Preparation(MillraceConfig config, LogDecoder decoder, long heldBytes) {
        this.claimChecks = new ClaimChecks(config.images());
        this.decoder = decoder;
        this.workers = new Workers(config.trainer().effectivePrepareThreads());
        this.views = Stream.generate(() -> new Views(config))
                .limit(workers.threads())
                .toList();
        this.thumbnails = new Gate(config).looks();
        this.most = (int) (heldBytes / KILO);
        this.free = new Semaphore(most);
    }

    /** Views of each image. */
    int views() {
        return views.get(0).count();
    }

    /** What becomes of each image, in order. */
    List<DecodeOutcome> decode(List<LoggedImage> images) throws InterruptedException {
        return decode(images.size(), images::get);
    }

    /** What becomes of each of {@code count} images, in order; each is got on the thread that decodes it. */
    List<DecodeOutcome> decode(int count, IntFunction<LoggedImage> images) throws InterruptedException {
        DecodeOutcome[] outcomes = new DecodeOutcome[count];
        workers.each(count, (worker, i) -> outcomes[i] = decode(worker, images.apply(i)));
        return List.of(outcomes);
    }

    /** Lets go of an image that gets no views. */
    void drop(DecodedImage image) {
        image.pixels().ifPresent(pixels -> free.release(kilobytes(image)));
    }

    /** Makes the views of a step's batch; its pixels are no longer held afterwards. */
    void makeViews(long step, List<DecodedImage> batch, ViewBuffers buffers) throws InterruptedException {
        workers.each(
                batch.size(),
                (worker, i) -> batch.get(i).pixels().ifPresent(pixels -> {
                    makeOwnViews(worker, pixels, batch.get(i), step, i, buffers);
                    free.release(kilobytes(batch.get(i)));
                }));
        int[] dropped = where(batch, image -> image.pixels().isEmpty());
        workers.each(dropped.length, (worker, i) -> {
            DecodedImage image = batch.get(dropped[i]);
            again(worker, image, pixels -> makeOwnViews(worker, pixels, image, step, dropped[i], buffers));
        });
        int[] paired = where(batch, image -> image.otherFrame().isPresent());
        workers.each(paired.length, (worker, i) -> {
            DecodedImage other = batch.get(paired[i]).otherFrame().orElseThrow();
            again(worker, other, pixels -> makeView(worker, Views.SECOND, pixels, step, paired[i], buffers));
        });
    }

    private static int[] where(List<DecodedImage> batch, Predicate<DecodedImage> condition) {
        return IntStream.range(0, batch.size())
                .filter(i -> condition.test(batch.get(i)))
                .toArray();
    }

    private DecodeOutcome decode(int worker, LoggedImage image) {
        try {
            LoggedImage whole = image.claim().isPresent()
                    ? image.withFile(fetch(image.claim().get()))
                    : image;
            Pixels pixels = decoder.decode(worker, whole.at(), whole.file());
            Optional<byte[]> thumbnail = thumbnails ? Optional.of(Thumbnail.of(pixels)) : Optional.empty();
            DecodedImage decoded = new DecodedImage(whole, Optional.of(pixels), pixels.values().length, thumbnail);
            return free.tryAcquire(kilobytes(decoded))
                    ? decoded
                    : new DecodedImage(whole, Optional.empty(), decoded.bytes(), thumbnail);
        } catch (UndecodableImageException e) {
            return new Rejection(image, e.reason());
        }
    }

    private byte[] fetch(LoggedImage.Claim claim) throws UndecodableImageException {
        return claimChecks.fetch(claim.location(), claim.sha256());
    }

    // decodes an image once more, when there is room for its pixels
    private void again(int worker, DecodedImage image, Consumer<Pixels> use) {
        int kilobytes = Math.min(most, kilobytes(image));
        free.acquireUninterruptibly(kilobytes);
        try {
            use.accept(decoder.decode(worker, image.image().at(), image.image().file()));
        } catch (UndecodableImageException e) {
            throw new IllegalStateException(
                    "an image no longer decodes: " + image.image().at(), e);
        } finally {
            free.release(kilobytes);
        }
    }

    private void makeOwnViews(
            int worker, Pixels pixels, DecodedImage image, long step, int index, ViewBuffers buffers) {
        int own = image.otherFrame().isPresent() ? Views.SECOND : views();
        for (int view = 0; view < own; view++) {
            makeView(worker, view, pixels, step, index, buffers);
        }
    }

    private void makeView(int worker, int view, Pixels pixels, long step, int index, ViewBuffers buffers) {
        ViewBuffers.View target = buffers.views().get(view);
        int at = index * target.height() * target.width() * target.channels();
        views.get(worker)
                .make(view, pixels, step, index, target.values().asFloatBuffer().position(at));
    }

    private static int kilobytes(DecodedImage image) {
        return image.bytes() / KILO + 1;
    }

    @Override
    public void close() {
        workers.close();
    }
}
