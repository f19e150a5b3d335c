package org.millrace.trainer.view;

import org.junit.jupiter.api.Test;
import org.millrace.trainer.Vector;

final class ViewVectorsTest {
    @Test
    void colour_referenceVector_sameImages() {
        Vector vector = Vector.load("aug_color");
        int plane = vector.size("image", 1) * vector.size("image", 2);
        int size = 3 * plane;
        for (int i = 0; i < vector.parameter("brightness_factors").size(); i++) {
            float[] image = vector.input("image");
            Colour.brightness(image, factor(vector, "brightness_factors", i));
            vector.checkAt("brightness", i * size, image);
        }
        for (int i = 0; i < vector.parameter("contrast_factors").size(); i++) {
            float[] image = vector.input("image");
            Colour.contrast(image, plane, factor(vector, "contrast_factors", i));
            vector.checkAt("contrast", i * size, image);
        }
        for (int i = 0; i < vector.parameter("saturation_factors").size(); i++) {
            float[] image = vector.input("image");
            Colour.saturation(image, plane, factor(vector, "saturation_factors", i));
            vector.checkAt("saturation", i * size, image);
        }
        for (int i = 0; i < vector.parameter("hue_factors").size(); i++) {
            float[] image = vector.input("image");
            Colour.hue(image, plane, factor(vector, "hue_factors", i));
            vector.checkAt("hue", i * size, image);
        }
        float[] grey = vector.input("image");
        Colour.grey(grey, plane);
        vector.check("gray_torchvision", java.util.Arrays.copyOf(grey, plane));
    }

    @Test
    void colour_chain_sameImage() {
        Vector vector = Vector.load("aug_color");
        int plane = vector.size("image", 1) * vector.size("image", 2);
        float[] image = vector.input("image");
        for (var operation : vector.parameter("jitter_chain")) {
            float factor = (float) operation.path(1).asDouble();
            switch (operation.path(0).asText()) {
                case "brightness" -> Colour.brightness(image, factor);
                case "contrast" -> Colour.contrast(image, plane, factor);
                case "saturation" -> Colour.saturation(image, plane, factor);
                case "hue" -> Colour.hue(image, plane, factor);
                default -> throw new AssertionError(operation);
            }
        }
        vector.check("jitter_chain_result", image);
    }

    @Test
    void blur_referenceVector_sameImages() {
        Vector vector = Vector.load("aug_gaussian_blur");
        for (int i = 0; i < vector.parameter("kernel_sigma").size(); i++) {
            int taps = vector.parameter("kernel_sigma").path(i).path(0).asInt();
            double sigma = vector.parameter("kernel_sigma").path(i).path(1).asDouble();
            float[] image = vector.input("image");
            new GaussianBlur(vector.size("image", 1), vector.size("image", 2), taps / 2).apply(image, sigma);
            vector.check("blurred_" + i, image);
        }
    }

    private static float factor(Vector vector, String name, int i) {
        return (float) vector.parameter(name).path(i).asDouble();
    }
}
