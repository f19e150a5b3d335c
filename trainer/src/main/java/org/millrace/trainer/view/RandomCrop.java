package org.millrace.trainer.view;

import java.util.random.RandomGenerator;

/**
 * A box of random area and aspect ratio inside an image, as torchvision's RandomResizedCrop draws it: ten tries with the share of the
 * area uniform and the ratio log-uniform in [3/4, 4/3], then the largest central box within those ratios.
 */
record RandomCrop(int top, int left, int height, int width) {
    private static final int TRIES = 10;
    private static final double RATIO_MIN = 3.0 / 4;
    private static final double RATIO_MAX = 4.0 / 3;

    static RandomCrop draw(int height, int width, double scaleMin, double scaleMax, RandomGenerator random) {
        double area = (double) height * width;
        for (int i = 0; i < TRIES; i++) {
            double target = area * uniform(random, scaleMin, scaleMax);
            double ratio = Math.exp(uniform(random, Math.log(RATIO_MIN), Math.log(RATIO_MAX)));
            int boxWidth = (int) Math.rint(Math.sqrt(target * ratio));
            int boxHeight = (int) Math.rint(Math.sqrt(target / ratio));
            if (0 < boxWidth && boxWidth <= width && 0 < boxHeight && boxHeight <= height) {
                int top = random.nextInt(height - boxHeight + 1);
                int left = random.nextInt(width - boxWidth + 1);
                return new RandomCrop(top, left, boxHeight, boxWidth);
            }
        }
        return central(height, width);
    }

    private static RandomCrop central(int height, int width) {
        double ratio = (double) width / height;
        int boxWidth = ratio > RATIO_MAX ? (int) Math.rint(height * RATIO_MAX) : width;
        int boxHeight = ratio < RATIO_MIN ? (int) Math.rint(width / RATIO_MIN) : height;
        return new RandomCrop((height - boxHeight) / 2, (width - boxWidth) / 2, boxHeight, boxWidth);
    }

    private static double uniform(RandomGenerator random, double from, double to) {
        return from + (to - from) * random.nextDouble();
    }
}
