package org.millrace.trainer.view;

/**
 * Separable Gaussian blur with mirrored edges, as torchvision's: the kernel has an odd number of taps, about a tenth of the image's
 * side (SimCLR's choice). Not thread safe: it reuses its scratch array.
 */
final class GaussianBlur {
    private final int height;
    private final int width;
    private final int radius;
    private final float[] scratch;

    GaussianBlur(int height, int width) {
        this(height, width, Math.max(1, Math.min(height, width) / 20));
    }

    /** Radius: smaller than both sides. */
    GaussianBlur(int height, int width, int radius) {
        this.height = height;
        this.width = width;
        this.radius = radius;
        this.scratch = new float[height * width];
    }

    /** Blurs each plane of the image in place; σ in pixels. */
    void apply(float[] image, double sigma) {
        float[] kernel = kernel(radius, sigma);
        for (int plane = 0; plane < image.length; plane += height * width) {
            for (int y = 0; y < height; y++) {
                for (int x = 0; x < width; x++) {
                    float sum = 0;
                    for (int tap = -radius; tap <= radius; tap++) {
                        sum += kernel[tap + radius] * image[plane + y * width + Mirror.inside(x + tap, width)];
                    }
                    scratch[y * width + x] = sum;
                }
            }
            for (int y = 0; y < height; y++) {
                for (int x = 0; x < width; x++) {
                    float sum = 0;
                    for (int tap = -radius; tap <= radius; tap++) {
                        sum += kernel[tap + radius] * scratch[Mirror.inside(y + tap, height) * width + x];
                    }
                    image[plane + y * width + x] = sum;
                }
            }
        }
    }

    /** Weights of the positions −radius to radius, which add up to 1. */
    static float[] kernel(int radius, double sigma) {
        double[] weights = new double[2 * radius + 1];
        double sum = 0;
        for (int i = 0; i < weights.length; i++) {
            double z = (i - radius) / sigma;
            weights[i] = Math.exp(-0.5 * z * z);
            sum += weights[i];
        }
        float[] kernel = new float[weights.length];
        for (int i = 0; i < weights.length; i++) {
            kernel[i] = (float) (weights[i] / sum);
        }
        return kernel;
    }
}
