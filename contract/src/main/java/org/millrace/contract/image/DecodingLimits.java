package org.millrace.contract.image;

/**
 * How much one image may ask of its decoder. Work is counted in units of about 10 ns of one core, with weights that were measured for each
 * format, from the structure alone: a verdict never depends on a clock. docs/decisions/0024-one-gate-for-image-bytes.md
 *
 * @param pixels of the image, its canvas and each of its frames
 */
record DecodingLimits(int pixels) {
    /** Work of a row of pixels besides its pixels: it is what long narrow images cost. */
    static final int WORK_OF_A_ROW = 8;

    /** A progressive JPEG of a camera has about ten scans, of which half cover one component: 14 passes over its samples. */
    private static final int WORK_OF_A_PIXEL = 16;

    /** Refuses an image, or an image within one, that is too large. */
    void checkSize(long width, long height) throws UnsoundImageException {
        if (width * height > pixels) {
            throw new UnsoundImageException(
                    "too large: " + width + "×" + height + " is more than " + pixels + " pixels (images.max-pixels)");
        }
    }

    /** Refuses an image whose decoding is too much work; returns the work. */
    long checkWork(long work, FileBytes bytes) throws UnsoundImageException {
        if (work > (long) WORK_OF_A_PIXEL * pixels) {
            throw new UnsoundImageException("too much work to decode: this " + bytes.format() + " counts as more than "
                    + (long) WORK_OF_A_PIXEL * pixels + " samples (" + WORK_OF_A_PIXEL + " × images.max-pixels)");
        }
        return work;
    }
}
