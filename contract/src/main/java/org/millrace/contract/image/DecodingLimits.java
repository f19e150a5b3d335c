package org.millrace.contract.image;

/**
 * How much one image may ask of its decoder.
 *
 * @param pixels of the image, its canvas and each of its frames
 */
record DecodingLimits(int pixels) {
    /** A progressive JPEG of a camera has about ten scans, of which half cover one component. */
    private static final int PASSES = 16;

    /** Refuses an image, or an image within one, that is too large. */
    void checkSize(long width, long height) throws UnsoundImageException {
        if (width * height > pixels) {
            throw new UnsoundImageException(
                    "too large: " + width + "×" + height + " is more than " + pixels + " pixels (images.max-pixels)");
        }
    }

    /** Refuses what goes over its samples too often; each counts once for each pass. */
    void checkWork(long samples, FileBytes bytes) throws UnsoundImageException {
        if (samples > (long) PASSES * pixels) {
            throw new UnsoundImageException("too much work to decode: this " + bytes.format() + " goes over "
                    + "more than " + (long) PASSES * pixels + " samples (" + PASSES + " × images.max-pixels)");
        }
    }
}
