package org.millrace.app.demo;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.millrace.contract.UserException;
import org.millrace.ingest.label.Labels;
import org.millrace.ingest.push.PushRequest;

/**
 * The demo's images: Fashion-MNIST's test images in one shuffled order, of which the first are the labelled probe and the rest the stream.
 *
 * @param file in IDX form
 */
record DemoImages(Path file) {
    static final int PROBE_IMAGES = 2_000;
    /** Maximum images per second of the stream. */
    static final double STREAM_RATE = 600;

    private static final String IMAGES = "samples/fashion-mnist/t10k-images-idx3-ubyte.gz";
    /** Seed of the order that splits the images into probe and stream; not the run's seed, so that the split is always the same. */
    private static final long SPLIT_SEED = 1;

    private static final int PASSES = 10_000;

    /** @param home folder that holds {@code samples/} */
    static DemoImages under(Path home) {
        Path file = home.resolve(IMAGES);
        if (!Files.isRegularFile(file)) {
            throw new UserException("the demo's images are missing: " + file
                    + ". Run ./millrace from a checkout, or set the system property millrace.home to one.");
        }
        return new DemoImages(file);
    }

    PushRequest probe() {
        return PushRequest.of(List.of(file.toString()), PushRequest.Target.PROBE)
                .withOrder(PushRequest.Order.SHUFFLED, SPLIT_SEED)
                .withLimit(PROBE_IMAGES);
    }

    /** Without labels, repeated. */
    PushRequest stream() {
        return PushRequest.of(List.of(file.toString()), PushRequest.Target.IMAGES)
                .withLabels(new Labels.None())
                .withOrder(PushRequest.Order.SHUFFLED, SPLIT_SEED)
                .withSkip(PROBE_IMAGES)
                .withRepeat(PASSES)
                .withRate(STREAM_RATE);
    }
}
