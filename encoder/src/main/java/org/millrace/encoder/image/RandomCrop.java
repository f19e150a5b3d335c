package org.millrace.encoder.image;

import java.util.random.RandomGenerator;
import org.millrace.contract.config.AugmentConfig;

/**
 * A box of random area and aspect ratio inside an image, as torchvision's RandomResizedCrop draws it: ten tries with the share of the
 * area uniform and the ratio (width to height) log-uniform, then the largest central box within those ratios.
 */
public record RandomCrop(int top, int left, int height, int width) {
    private static final int TRIES = 10;

    /** The place of one crop of an image of that size, by the next draws. */
    public static RandomCrop draw(int height, int width, AugmentConfig config, RandomGenerator random) {
        double area = (double) height * width;
        double narrowest = Math.log(config.cropRatioMin());
        double widest = Math.log(config.cropRatioMax());
        for (int i = 0; i < TRIES; i++) {
            double target = area * uniform(random, config.cropScaleMin(), config.cropScaleMax());
            double ratio = Math.exp(uniform(random, narrowest, widest));
            int boxWidth = (int) Math.rint(Math.sqrt(target * ratio));
            int boxHeight = (int) Math.rint(Math.sqrt(target / ratio));
            if (0 < boxWidth && boxWidth <= width && 0 < boxHeight && boxHeight <= height) {
                int top = random.nextInt(height - boxHeight + 1);
                int left = random.nextInt(width - boxWidth + 1);
                return new RandomCrop(top, left, boxHeight, boxWidth);
            }
        }
        return central(height, width, config.cropRatioMin(), config.cropRatioMax());
    }

    private static RandomCrop central(int height, int width, double narrowest, double widest) {
        double ratio = (double) width / height;
        int boxWidth = ratio > widest ? Math.max(1, (int) Math.rint(height * widest)) : width;
        int boxHeight = ratio < narrowest ? Math.max(1, (int) Math.rint(width / narrowest)) : height;
        return new RandomCrop((height - boxHeight) / 2, (width - boxWidth) / 2, boxHeight, boxWidth);
    }

    private static double uniform(RandomGenerator random, double from, double to) {
        return from + (to - from) * random.nextDouble();
    }
}
