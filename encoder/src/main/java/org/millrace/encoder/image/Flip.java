package org.millrace.encoder.image;

/** The mirror image, left for right. */
public final class Flip {
    private Flip() {}

    /** Mirrors each row of {@code width} values in place. */
    public static void horizontal(float[] image, int width) {
        for (int row = 0; row < image.length; row += width) {
            for (int left = row, right = row + width - 1; left < right; left++, right--) {
                float swapped = image[left];
                image[left] = image[right];
                image[right] = swapped;
            }
        }
    }
}
