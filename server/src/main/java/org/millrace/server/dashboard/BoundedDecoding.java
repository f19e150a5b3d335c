package org.millrace.server.dashboard;

import java.util.Optional;
import org.millrace.contract.image.SoundImage;
import org.millrace.encoder.image.ImageDecoder;
import org.millrace.encoder.image.Pixels;
import org.millrace.encoder.image.UndecodableImageException;

/**
 * Decodes the images of one task with a bounded amount of work, so that no task of the picture thread holds up the others for long,
 * whatever the images are. An image that exceeds what is left is left out and counted. Not thread safe.
 */
final class BoundedDecoding {
    /** Of a task about many images, in the units of {@link SoundImage#work}: about two seconds of one core. */
    static final long MANY = 200_000_000;

    /** Of a task about a few images. */
    static final long FEW = MANY / 2;

    private final ImageDecoder decoder;
    private long work;
    private int leftOut;

    BoundedDecoding(ImageDecoder decoder, long mostWork) {
        this.decoder = decoder;
        this.work = mostWork;
    }

    /** The pixels; empty where decoding the file would exceed the work that is left. */
    Optional<Pixels> decode(byte[] file) throws UndecodableImageException {
        SoundImage image = decoder.judge(file);
        if (image.work() > work) {
            leftOut++;
            return Optional.empty();
        }
        work -= image.work();
        return Optional.of(decoder.decode(image));
    }

    /** Images left out so far. */
    int leftOut() {
        return leftOut;
    }
}
