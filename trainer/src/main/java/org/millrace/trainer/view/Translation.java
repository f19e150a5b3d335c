package org.millrace.trainer.view;

import java.util.random.RandomGenerator;

/**
 * A shift of the whole image by whole pixels, with the border that comes free filled by reflection (AMDIM's augmentation of CIFAR,
 * Bachman et al. 2019, arXiv:1906.00910). Both shifts are smaller than the image.
 *
 * @param down pixels, negative for up
 * @param right pixels, negative for left
 */
record Translation(int down, int right) {
    /** Each direction uniform in [−largest, largest]. */
    static Translation draw(int largest, RandomGenerator random) {
        int right = random.nextInt(2 * largest + 1) - largest;
        int down = random.nextInt(2 * largest + 1) - largest;
        return new Translation(down, right);
    }

    /** Shifts each plane of the image in place; {@code scratch} holds at least a plane. */
    void apply(float[] image, int height, int width, float[] scratch) {
        int plane = height * width;
        for (int from = 0; from < image.length; from += plane) {
            System.arraycopy(image, from, scratch, 0, plane);
            for (int y = 0; y < height; y++) {
                int row = Mirror.inside(y - down, height) * width;
                for (int x = 0; x < width; x++) {
                    image[from + y * width + x] = scratch[row + Mirror.inside(x - right, width)];
                }
            }
        }
    }
}
