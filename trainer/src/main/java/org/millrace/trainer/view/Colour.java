package org.millrace.trainer.view;

import org.millrace.contract.config.AugmentConfig.Luma;

/**
 * Changes of colour, in place, on an image of C×plane values in [0, 1]; each as torchvision defines it on float tensors. Grey images
 * (C = 1) have no saturation and no hue.
 *
 * @param weights of red, green and blue in a grey value
 */
record Colour(Luma weights) {
    static void brightness(float[] image, float factor) {
        for (int i = 0; i < image.length; i++) {
            image[i] = clamp(factor * image[i]);
        }
    }

    /** Blends with the mean luma of the whole image. */
    void contrast(float[] image, int plane, float factor) {
        double sum = 0;
        for (int i = 0; i < plane; i++) {
            sum += luma(image, plane, i);
        }
        float rest = (1 - factor) * (float) (sum / plane);
        for (int i = 0; i < image.length; i++) {
            image[i] = clamp(factor * image[i] + rest);
        }
    }

    /** Blends each pixel with its luma. */
    void saturation(float[] image, int plane, float factor) {
        if (image.length == plane) {
            return;
        }
        for (int i = 0; i < plane; i++) {
            float rest = (1 - factor) * luma(image, plane, i);
            for (int j = i; j < image.length; j += plane) {
                image[j] = clamp(factor * image[j] + rest);
            }
        }
    }

    /** Turns the hue by {@code shift} parts of the circle, through HSV. */
    static void hue(float[] image, int plane, float shift) {
        if (image.length == plane) {
            return;
        }
        for (int i = 0; i < plane; i++) {
            float red = image[i];
            float green = image[plane + i];
            float blue = image[2 * plane + i];
            float value = Math.max(red, Math.max(green, blue));
            float chroma = value - Math.min(red, Math.min(green, blue));
            if (chroma == 0) {
                continue;
            }
            float sector;
            if (value == red) {
                sector = (green - blue) / chroma;
            } else if (value == green) {
                sector = 2 + (blue - red) / chroma;
            } else {
                sector = 4 + (red - green) / chroma;
            }
            float hue = sector / 6 + shift;
            hue -= (float) Math.floor(hue);
            image[i] = channel(hue, 5, value, chroma);
            image[plane + i] = channel(hue, 3, value, chroma);
            image[2 * plane + i] = channel(hue, 1, value, chroma);
        }
    }

    void grey(float[] image, int plane) {
        for (int i = 0; i < plane && image.length > plane; i++) {
            float luma = luma(image, plane, i);
            for (int j = i; j < image.length; j += plane) {
                image[j] = luma;
            }
        }
    }

    /** Inverts the values of at least {@code threshold}. */
    static void solarise(float[] image, float threshold) {
        for (int i = 0; i < image.length; i++) {
            image[i] = image[i] >= threshold ? 1 - image[i] : image[i];
        }
    }

    // V − C·max(0, min(k, 4 − k, 1)) with k = (n + 6h) mod 6
    private static float channel(float hue, int n, float value, float chroma) {
        float sum = n + 6 * hue; // 0 to 11
        float k = sum >= 6 ? sum - 6 : sum; // as sum % 6, bit for bit: the difference is exact
        return value - chroma * Math.max(0, Math.min(1, Math.min(k, 4 - k)));
    }

    private float luma(float[] image, int plane, int i) {
        return image.length == plane ? image[i] : weights.of(image[i], image[plane + i], image[2 * plane + i]);
    }

    private static float clamp(float value) {
        return Math.max(0, Math.min(1, value));
    }
}
