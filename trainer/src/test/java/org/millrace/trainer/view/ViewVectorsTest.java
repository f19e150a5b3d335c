package org.millrace.trainer.view;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.millrace.contract.config.AugmentConfig.Luma;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.encoder.image.InputTransform;
import org.millrace.trainer.TestRuns;
import org.millrace.trainer.Vector;

final class ViewVectorsTest {
    @Test
    void colour_referenceVector_sameImages() {
        Vector vector = Vector.load("aug_color");
        int width = vector.size("image", 2);
        int plane = vector.size("image", 1) * width;
        Colour torchvision = new Colour(Luma.TORCHVISION);
        Colour pil = new Colour(Luma.ITU601);
        Outputs outputs = new Outputs(vector);

        float[] flipped = vector.input("image");
        Flip.horizontal(flipped, width);
        outputs.check("hflip", flipped);

        outputs.check("gray_torchvision", grey(vector, torchvision, plane));
        outputs.check("gray_itu601", grey(vector, pil, plane));
        outputs.checkEach("brightness", "brightness_factors", Colour::brightness);
        outputs.checkEach("hue", "hue_factors", (image, factor) -> Colour.hue(image, plane, factor));
        outputs.checkEach("contrast", "contrast_factors", (image, f) -> torchvision.contrast(image, plane, f));
        outputs.checkEach("contrast_itu601", "contrast_factors", (image, f) -> pil.contrast(image, plane, f));
        outputs.checkEach("saturation", "saturation_factors", (image, f) -> torchvision.saturation(image, plane, f));
        outputs.checkEach("saturation_itu601", "saturation_factors", (image, f) -> pil.saturation(image, plane, f));

        float[] chained = vector.input("image");
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
        outputs.check("jitter_chain_result", chained);
        outputs.assertAllChecked();
    }

    @Test
    void blur_referenceVector_sameKernelsAndImages() {
        Vector vector = Vector.load("aug_gaussian_blur");
        Outputs outputs = new Outputs(vector);
        for (int i = 0; i < vector.parameter("kernel_sigma").size(); i++) {
            int radius = vector.parameter("kernel_sigma").path(i).path(0).asInt() / 2;
            double sigma = vector.parameter("kernel_sigma").path(i).path(1).asDouble();
            outputs.check("kernel1d_" + i, GaussianBlur.kernel(radius, sigma));
            float[] image = vector.input("image");
            new GaussianBlur(vector.size("image", 1), vector.size("image", 2), radius).apply(image, sigma);
            outputs.check("blurred_" + i, image);
        }
        outputs.assertAllChecked();
    }

    @Test
    void solariseFlipNormalise_referenceVector_sameImages() {
        Vector vector = Vector.load("aug_pointwise");
        Outputs outputs = new Outputs(vector);
        outputs.checkEach("solarize", "solarize_thresholds", Colour::solarise);
        float[] image = vector.input("image");
        outputs.check("normalised", normalised(vector, image));
        Flip.horizontal(image, vector.size("image", 2));
        outputs.check("hflip_then_normalised", normalised(vector, image));
        outputs.assertAllChecked();
    }

    private static float[] grey(Vector vector, Colour colour, int plane) {
        float[] image = vector.input("image");
        colour.grey(image, plane);
        for (int i = 0; i < image.length; i++) {
            assertThat(image[i]).isEqualTo(image[i % plane]);
        }
        return Arrays.copyOf(image, plane);
    }

    /** As the views are normalised, put back from H×W×C into the vector's C×H×W. */
    private static float[] normalised(Vector vector, float[] image) {
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

    /** The expected outputs of a vector, and which have been compared. */
    private record Outputs(Vector vector, Set<String> checked) {
        Outputs(Vector vector) {
            this(vector, new TreeSet<>());
        }

        void check(String output, float[] actual) {
            assertThat(actual).as("size of %s", output).hasSize(size(output));
            vector.check(output, actual);
            checked.add(output);
        }

        /** The output's first axis is the value of the parameter. */
        void checkEach(String output, String parameter, Change change) {
            int values = vector.parameter(parameter).size();
            for (int i = 0; i < values; i++) {
                float[] image = vector.input("image");
                change.apply(image, (float) vector.parameter(parameter).path(i).asDouble());
                assertThat(values * image.length).as("size of %s", output).isEqualTo(size(output));
                vector.checkAt(output, i * image.length, image);
            }
            checked.add(output);
        }

        void assertAllChecked() {
            Set<String> expected = new TreeSet<>();
            vector.root().path("expected").fieldNames().forEachRemaining(expected::add);
            assertThat(checked).isEqualTo(expected);
        }

        private int size(String output) {
            return vector.root().path("expected").path(output).path("data").size();
        }
    }

    /** A change of an image in place, by so much. */
    private interface Change {
        void apply(float[] image, float amount);
    }
}
