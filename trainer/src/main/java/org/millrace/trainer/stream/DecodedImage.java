package org.millrace.trainer.stream;

import java.util.Optional;
import org.millrace.encoder.image.Pixels;

/**
 * An image that decodes.
 *
 * @param image with its file, also where the record holds a claim check
 * @param pixels empty where a batch's pixels are too many to be held at once; they are decoded again for their views
 * @param bytes of the pixels
 * @param thumbnail where a gate looks at images
 */
record DecodedImage(LoggedImage image, Optional<Pixels> pixels, int bytes, Optional<byte[]> thumbnail)
        implements DecodeOutcome {}
