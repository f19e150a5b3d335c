package org.millrace.contract.event;

import static org.millrace.contract.Check.check;

/**
 * Where the change of the embeddings comes from: of incoming images under the present encoder, against the reference images under the
 * frozen one. Both parts are squared Fréchet distances (docs/decisions/0017-drift-of-incoming-images.md).
 *
 * @param version of the present encoder
 * @param images compared
 * @param ofImages of the window to the reference, both under the frozen encoder, less what sampling gives; 0 where no
 *     detector alarms
 * @param ofEncoder of the same window under the present encoder to that under the frozen one; 0 at least
 */
public record Attribution(long version, int images, double ofImages, double ofEncoder) {
    public Attribution {
        check(version >= 0 && images >= 1, "version must not be negative, images at least 1: %d, %d", version, images);
        check(ofImages >= 0 && ofEncoder >= 0, "parts of a change must be 0 at least: %s and %s", ofImages, ofEncoder);
        check(ofImages + ofEncoder > 0, "there is no change to attribute");
    }

    /** Share of the change that the images make, in [0, 1]; the encoder makes the rest. */
    public double imageShare() {
        return ofImages / (ofImages + ofEncoder);
    }
}
