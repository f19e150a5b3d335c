package org.millrace.trainer.gate;

import org.millrace.encoder.image.Pixels;

/** An image as the gate sees it: {@link #SIDE}×{@link #SIDE} grey bytes, row by row, and the unit vector made of them. */
public final class Thumbnail {
    static final int SIDE = 16;
    static final int BYTES = SIDE * SIDE;
    /** Numbers of a unit vector: one a place, and one for what has no contrast. */
    static final int DIMENSION = BYTES + 1;
    /** Samples along each side of a place, so that a large image costs no more than a small one. */
    private static final int SAMPLES = 8;
    /** Grey levels of contrast (standard deviation over places) under which images count as alike: black frames with a sensor's noise. */
    private static final float NOISE = 2;

    private Thumbnail() {}

    /** The mean luminance (ITU-R 601) around each place; in whole numbers, the same on every machine. */
    public static byte[] of(Pixels pixels) {
        byte[] thumbnail = new byte[BYTES];
        for (int row = 0; row < SIDE; row++) {
            int top = row * pixels.height() / SIDE;
            int bottom = Math.max(top + 1, (row + 1) * pixels.height() / SIDE);
            for (int column = 0; column < SIDE; column++) {
                int left = column * pixels.width() / SIDE;
                int right = Math.max(left + 1, (column + 1) * pixels.width() / SIDE);
                thumbnail[row * SIDE + column] = (byte) mean(pixels, top, bottom, left, right);
            }
        }
        return thumbnail;
    }

    private static int mean(Pixels pixels, int top, int bottom, int left, int right) {
        int down = Math.max(1, (bottom - top) / SAMPLES);
        int across = Math.max(1, (right - left) / SAMPLES);
        long sum = 0;
        int count = 0;
        for (int y = top; y < bottom; y += down) {
            for (int x = left; x < right; x += across) {
                sum += luminance(pixels, y * pixels.width() + x);
                count++;
            }
        }
        return (int) ((sum + 128L * count) / (256L * count));
    }

    // in 256ths of a grey level
    private static int luminance(Pixels pixels, int at) {
        byte[] values = pixels.values();
        if (pixels.channels() == 1) {
            return 256 * (values[at] & 0xff);
        }
        int plane = pixels.width() * pixels.height();
        return 77 * (values[at] & 0xff) + 150 * (values[plane + at] & 0xff) + 29 * (values[2 * plane + at] & 0xff);
    }

    /**
     * The thumbnail, each place averaged with its neighbours, without its mean and with length 1; the last number takes what an image of
     * little contrast lacks. Averaging lets an image stay like itself when the camera moves by a place.
     */
    static float[] unit(byte[] thumbnail) {
        float[] unit = new float[DIMENSION];
        float sum = 0;
        for (int i = 0; i < BYTES; i++) {
            unit[i] = aroundPlace(thumbnail, i / SIDE, i % SIDE) / 9f;
            sum += unit[i];
        }
        float mean = sum / BYTES;
        unit[BYTES] = NOISE * SIDE;
        double squares = (double) unit[BYTES] * unit[BYTES];
        for (int i = 0; i < BYTES; i++) {
            unit[i] -= mean;
            squares += (double) unit[i] * unit[i];
        }
        float scale = (float) (1 / Math.sqrt(squares));
        for (int i = 0; i < DIMENSION; i++) {
            unit[i] *= scale;
        }
        return unit;
    }

    /** 1 − the cosine of two unit vectors, from 0 to 2. */
    static float distance(float[] one, float[] other) {
        float product = 0;
        for (int i = 0; i < DIMENSION; i++) {
            product += one[i] * other[i];
        }
        return 1 - product;
    }

    // sum of three by three places; those beyond the edge are as the edge
    private static int aroundPlace(byte[] thumbnail, int row, int column) {
        int sum = 0;
        for (int y = row - 1; y <= row + 1; y++) {
            int from = Math.min(SIDE - 1, Math.max(0, y)) * SIDE;
            for (int x = column - 1; x <= column + 1; x++) {
                sum += thumbnail[from + Math.min(SIDE - 1, Math.max(0, x))] & 0xff;
            }
        }
        return sum;
    }
}
