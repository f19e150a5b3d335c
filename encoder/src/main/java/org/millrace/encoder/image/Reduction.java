package org.millrace.encoder.image;

import static org.millrace.contract.Check.check;

/**
 * How far a JPEG is reduced while it is decoded: by 8, 4 or 2, the largest divisor that leaves at least this size.
 *
 * @param leastWidth of the decoded image
 * @param leastHeight of the decoded image
 * @param leastPixels of the decoded image
 */
public record Reduction(int leastWidth, int leastHeight, long leastPixels) {
    /** Every image is decoded at its own size. */
    public static final Reduction NONE = new Reduction(Integer.MAX_VALUE, Integer.MAX_VALUE, Long.MAX_VALUE);

    private static final int LARGEST = 8;

    public Reduction {
        check(
                leastWidth >= 1 && leastHeight >= 1 && leastPixels >= 1,
                "a reduced image must have at least 1×1 pixels, but was to have %d×%d and %d",
                leastWidth,
                leastHeight,
                leastPixels);
    }

    /** What the size of an image is divided by, rounded up: 1, 2, 4 or 8. */
    int divisor(int width, int height) {
        for (int divisor = LARGEST; divisor > 1; divisor /= 2) {
            long reducedWidth = divided(width, divisor);
            long reducedHeight = divided(height, divisor);
            if (reducedWidth >= leastWidth
                    && reducedHeight >= leastHeight
                    && reducedWidth * reducedHeight >= leastPixels) {
                return divisor;
            }
        }
        return 1;
    }

    static int divided(int size, int divisor) {
        return (size + divisor - 1) / divisor;
    }
}
