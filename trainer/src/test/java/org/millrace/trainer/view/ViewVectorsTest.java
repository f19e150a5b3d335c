package org.millrace.trainer.view;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.FloatBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.millrace.contract.config.AugmentConfig.Luma;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.vector.ReferenceVector;
import org.millrace.encoder.image.Flip;
import org.millrace.encoder.image.InputTransform;
import org.millrace.trainer.TestRuns;

final class ViewVectorsTest {
    @Test
    void colour_referenceVector_sameImages() {
        ReferenceVector vector = ReferenceVector.load("aug_color");
        int width = vector.size("image", 2);
        int plane = vector.size("image", 1) * width;
        Colour torchvision = new Colour(Luma.TORCHVISION);
        Colour pil = new Colour(Luma.ITU601);

        float[] flipped = vector.floats("image");
        Flip.horizontal(flipped, width);
        vector.check("hflip", flipped);

        vector.check("gray_torchvision", grey(vector, torchvision, plane));
        vector.check("gray_itu601", grey(vector, pil, plane));
        checkEach(vector, "brightness", "brightness_factors", Colour::brightness);
        checkEach(vector, "hue", "hue_factors", (image, factor) -> Colour.hue(image, plane, factor));
        checkEach(vector, "contrast", "contrast_factors", (image, f) -> torchvision.contrast(image, plane, f));
        checkEach(vector, "contrast_itu601", "contrast_factors", (image, f) -> pil.contrast(image, plane, f));
        checkEach(vector, "saturation", "saturation_factors", (image, f) -> torchvision.saturation(image, plane, f));
        checkEach(vector, "saturation_itu601", "saturation_factors", (image, f) -> pil.saturation(image, plane, f));

        float[] chained = vector.floats("image");
        for (JsonNode operation : vector.parameter("jitter_chain")) {
            float factor = (float) operation.path(1).asDouble();
            switch (operation.path(0).asText()) {
                case "brightness" -> Colour.brightness(chained, factor);
                case "contrast" -> torchvision.contrast(chained, plane, factor);
                case "saturation" -> torchvision.saturation(chained, plane, factor);
                case "hue" -> Colour.hue(chained, plane, factor);
                default -> throw new AssertionError(operation);
            }
        }
        vector.check("jitter_chain_result", chained);
        vector.allChecked();
    }

    @Test
    void blur_referenceVector_sameKernelsAndImages() {
        ReferenceVector vector = ReferenceVector.load("aug_gaussian_blur");
        for (int i = 0; i < vector.parameter("kernel_sigma").size(); i++) {
            int radius = vector.parameter("kernel_sigma").path(i).path(0).asInt() / 2;
            double sigma = vector.parameter("kernel_sigma").path(i).path(1).asDouble();
            vector.check("kernel1d_" + i, GaussianBlur.kernel(radius, sigma));
            float[] image = vector.floats("image");
            new GaussianBlur(vector.size("image", 1), vector.size("image", 2), radius).apply(image, sigma);
            vector.check("blurred_" + i, image);
        }
        vector.allChecked();
    }

    @Test
    void solariseFlipNormalise_referenceVector_sameImages() {
        ReferenceVector vector = ReferenceVector.load("aug_pointwise");
        checkEach(vector, "solarize", "solarize_thresholds", Colour::solarise);
        float[] image = vector.floats("image");
        vector.check("normalised", normalised(vector, image));
        Flip.horizontal(image, vector.size("image", 2));
        vector.check("hflip_then_normalised", normalised(vector, image));
        vector.allChecked();
    }

    private static float[] grey(ReferenceVector vector, Colour colour, int plane) {
        float[] image = vector.floats("image");
        colour.grey(image, plane);
        for (int i = 0; i < image.length; i++) {
            assertThat(image[i]).isEqualTo(image[i % plane]);
        }
        return Arrays.copyOf(image, plane);
    }

    /** As the views are normalised, put back from H×W×C into the vector's C×H×W. */
    private static float[] normalised(ReferenceVector vector, float[] image) {
        EncoderConfig input = TestRuns.config(
                        "encoder.mean=" + numbers(vector.parameter("mean")),
                        "encoder.standard-deviation=" + numbers(vector.parameter("std")))
                .encoder();
        FloatBuffer target = FloatBuffer.allocate(image.length);
        InputTransform.putNormalised(input, image, target);
        assertThat(target.remaining()).isZero();
        int channels = vector.size("image", 0);
        int plane = image.length / channels;
        float[] planes = new float[image.length];
        for (int i = 0; i < image.length; i++) {
            planes[i] = target.get(i % plane * channels + i / plane);
        }
        return planes;
    }

    private static String numbers(JsonNode list) {
        StringBuilder text = new StringBuilder();
        list.forEach(number -> text.append(text.isEmpty() ? "" : ",").append(number.asText()));
        return text.toString();
    }

    /** Of the image changed by each value of the parameter, which is the output's first axis. */
    private static void checkEach(ReferenceVector vector, String output, String parameter, Change change) {
        double[] values = vector.numbers(parameter);
        float[] images = new float[values.length * vector.floats("image").length];
        for (int i = 0; i < values.length; i++) {
            float[] image = vector.floats("image");
            change.apply(image, (float) values[i]);
            System.arraycopy(image, 0, images, i * image.length, image.length);
        }
        vector.check(output, images);
    }

    /** A change of an image in place, by so much. */
    private interface Change {
        void apply(float[] image, float amount);
    }
}
