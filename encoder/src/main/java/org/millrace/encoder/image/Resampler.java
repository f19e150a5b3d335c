package org.millrace.encoder.image;

/**
 * Bilinear resampling of a box of an image, as two passes of one-dimensional filters (align_corners false). Not thread safe: it
 * reuses its scratch array; one per thread.
 *
 * <p>With antialiasing the triangle grows with the scale when the image shrinks, as PIL and torchvision's {@code antialias=True};
 * without, it always spans two pixels. Pixels outside the box count as its edge's.
 */
public final class Resampler {
    private final boolean antialias;
    private float[] scratch = new float[0];

    public Resampler(boolean antialias) {
        this.antialias = antialias;
    }

    /**
     * Fills {@code target} (C×outHeight×outWidth, values in [0, 1]) with the box of {@code source} whose top left corner is
     * (top, left).
     */
    public void resample(
            Pixels source,
            int top,
            int left,
            int boxHeight,
            int boxWidth,
            float[] target,
            int outHeight,
            int outWidth) {
        Filter across = Filter.of(boxWidth, outWidth, antialias);
        Filter down = Filter.of(boxHeight, outHeight, antialias);
        if (scratch.length < boxHeight * outWidth) {
            scratch = new float[boxHeight * outWidth];
        }
        for (int c = 0; c < source.channels(); c++) {
            int plane = c * source.height() * source.width();
            for (int y = 0; y < boxHeight; y++) {
                across.applyToRow(source.values(), plane + (top + y) * source.width() + left, scratch, y * outWidth);
            }
            down.applyToColumns(scratch, outWidth, target, c * outHeight * outWidth);
        }
    }

    /** For each output position the first input position and the weights of the following ones. */
    @SuppressWarnings("ArrayRecordComponent")
    private record Filter(int[] starts, float[][] weights) {
        private static final float TO_UNIT = 1 / 255f;

        static Filter of(int in, int out, boolean antialias) {
            double scale = (double) in / out;
            double support = antialias ? Math.max(1, scale) : 1;
            int[] starts = new int[out];
            float[][] weights = new float[out][];
            for (int i = 0; i < out; i++) {
                double centre = (i + 0.5) * scale - 0.5;
                int first = Math.max(0, (int) Math.ceil(centre - support));
                int last = Math.min(in - 1, (int) Math.floor(centre + support));
                double sum = 0;
                for (int j = first; j <= last; j++) {
                    sum += Math.max(0, 1 - Math.abs(j - centre) / support);
                }
                float[] row = new float[last - first + 1];
                for (int j = first; j <= last; j++) {
                    row[j - first] = (float) (Math.max(0, 1 - Math.abs(j - centre) / support) / sum);
                }
                starts[i] = first;
                weights[i] = row;
            }
            return new Filter(starts, weights);
        }

        void applyToRow(byte[] in, int from, float[] out, int to) {
            for (int i = 0; i < starts.length; i++) {
                float[] row = weights[i];
                int at = from + starts[i];
                float sum = 0;
                for (int j = 0; j < row.length; j++) {
                    sum += row[j] * (in[at + j] & 0xff);
                }
                out[to + i] = sum * TO_UNIT;
            }
        }

        void applyToColumns(float[] in, int width, float[] out, int to) {
            for (int i = 0; i < starts.length; i++) {
                float[] row = weights[i];
                int target = to + i * width;
                for (int x = 0; x < width; x++) {
                    out[target + x] = row[0] * in[starts[i] * width + x];
                }
                for (int j = 1; j < row.length; j++) {
                    int source = (starts[i] + j) * width;
                    float weight = row[j];
                    for (int x = 0; x < width; x++) {
                        out[target + x] += weight * in[source + x];
                    }
                }
            }
        }
    }
}
