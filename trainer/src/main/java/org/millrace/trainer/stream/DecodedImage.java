package org.millrace.trainer.stream;

import java.util.Optional;
import org.millrace.contract.ImageOffset;
import org.millrace.encoder.image.Pixels;

/**
 * An image that decodes.
 *
 * @param image with its file, also where the record holds a claim check
 * @param pixels empty where a batch's pixels are too many to be held at once; they are decoded again for their views
 * @param bytes of the pixels
 * @param thumbnail where a gate looks at images
 * @param otherFrame what its second view is made from, where that is another image; without pixels
 */
record DecodedImage(
        LoggedImage image,
        Optional<Pixels> pixels,
        int bytes,
        Optional<byte[]> thumbnail,
        Optional<DecodedImage> otherFrame)
        implements DecodeOutcome {
    /** An image whose views are all made from it. */
    DecodedImage(LoggedImage image, Optional<Pixels> pixels, int bytes, Optional<byte[]> thumbnail) {
        this(image, pixels, bytes, thumbnail, Optional.empty());
    }

    DecodedImage as(LoggedImage judged) {
        return new DecodedImage(judged, pixels, bytes, thumbnail, otherFrame);
    }

    DecodedImage withoutPixels() {
        return new DecodedImage(image, Optional.empty(), bytes, thumbnail, otherFrame);
    }

    DecodedImage withOtherFrame(Optional<DecodedImage> other) {
        return new DecodedImage(image, pixels, bytes, thumbnail, other);
    }

    /** Where its second view comes from, where that is another image. */
    Optional<ImageOffset> secondFrom() {
        return otherFrame.map(other -> other.image().at());
    }
}
