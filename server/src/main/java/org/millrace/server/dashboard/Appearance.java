package org.millrace.server.dashboard;

import java.util.List;
import org.millrace.encoder.image.Pixels;

/**
 * How an image looks, in four numbers that a person can check by eye, each in [0, 1].
 *
 * @param brightness mean of the grey values
 * @param contrast their standard deviation, twice
 * @param sharpness mean difference of grey values side by side and one above the other
 * @param colour mean difference between the largest and the smallest channel; 0 for a grey image
 */
record Appearance(double brightness, double contrast, double sharpness, double colour) {
    /** A measure of appearance, with the words for a decrease and an increase. */
    enum Trait {
        BRIGHTNESS("darker", "brighter"),
        CONTRAST("less contrast", "more contrast"),
        SHARPNESS("blurred", "sharper"),
        COLOUR("less colour", "more colour");

        private final String less;
        private final String more;

        Trait(String less, String more) {
            this.less = less;
            this.more = more;
        }

        double of(Appearance appearance) {
            return switch (this) {
                case BRIGHTNESS -> appearance.brightness;
                case CONTRAST -> appearance.contrast;
                case SHARPNESS -> appearance.sharpness;
                case COLOUR -> appearance.colour;
            };
        }
    }

    /**
     * The change of a trait between two sets of images.
     *
     * @param deviations the difference of the means in standard deviations of the images before
     * @param words its direction in words
     */
    record Change(Trait trait, double before, double now, double deviations, String words) {
        /** One unit of an eight-bit channel: changes are never measured in a smaller deviation. */
        private static final double LEAST_DEVIATION = 1 / 255.0;

        static Change of(Trait trait, List<Appearance> before, List<Appearance> now) {
            double from = mean(trait, before);
            double to = mean(trait, now);
            double variance = before.stream()
                    .mapToDouble(trait::of)
                    .map(value -> (value - from) * (value - from))
                    .average()
                    .orElse(0);
            double deviations = (to - from) / Math.max(Math.sqrt(variance), LEAST_DEVIATION);
            return new Change(trait, from, to, deviations, to < from ? trait.less : trait.more);
        }

        private static double mean(Trait trait, List<Appearance> images) {
            return images.stream().mapToDouble(trait::of).average().orElse(0);
        }
    }

    static Appearance of(Pixels pixels) {
        int width = pixels.width();
        int height = pixels.height();
        int plane = width * height;
        double sum = 0;
        double squares = 0;
        double colour = 0;
        double steps = 0;
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int i = y * width + x;
                double grey = grey(pixels, plane, i);
                sum += grey;
                squares += grey * grey;
                colour += spread(pixels, plane, i);
                if (x + 1 < width) {
                    steps += Math.abs(grey(pixels, plane, i + 1) - grey);
                }
                if (y + 1 < height) {
                    steps += Math.abs(grey(pixels, plane, i + width) - grey);
                }
            }
        }
        double mean = sum / plane;
        double deviation = Math.sqrt(Math.max(0, squares / plane - mean * mean));
        int pairs = Math.max(1, (width - 1) * height + width * (height - 1));
        return new Appearance(mean / 255, 2 * deviation / 255, steps / pairs / 255, colour / plane / 255);
    }

    private static double grey(Pixels pixels, int plane, int i) {
        byte[] values = pixels.values();
        return pixels.channels() == 1
                ? values[i] & 0xff
                : 0.299 * (values[i] & 0xff)
                        + 0.587 * (values[plane + i] & 0xff)
                        + 0.114 * (values[2 * plane + i] & 0xff);
    }

    private static int spread(Pixels pixels, int plane, int i) {
        if (pixels.channels() == 1) {
            return 0;
        }
        int red = pixels.values()[i] & 0xff;
        int green = pixels.values()[plane + i] & 0xff;
        int blue = pixels.values()[2 * plane + i] & 0xff;
        return Math.max(red, Math.max(green, blue)) - Math.min(red, Math.min(green, blue));
    }
}
