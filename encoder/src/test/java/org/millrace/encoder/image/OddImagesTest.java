package org.millrace.encoder.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.Test;

/**
 * Files of every format, mode, subsampling, marker and profile against Pillow's pixels. {@code src/test/python/odd_images.py} makes
 * {@code odd.zip}.
 */
final class OddImagesTest {
    private static final String TABLE = "expected.csv";

    @Test
    void decode_oddImages_pixelsOfPillow() throws IOException {
        Map<String, byte[]> files = files();
        List<String> off = new ArrayList<>();
        List<String> table =
                new String(file(files, TABLE), StandardCharsets.UTF_8).lines().toList();
        for (String line : table) {
            String[] cells = line.split(",", -1);
            problem(file(files, cells[0]), cells).forEach(problem -> off.add(cells[0] + ": " + problem));
        }
        assertThat(table).hasSizeGreaterThan(100);
        assertThat(off).isEmpty();
    }

    /** @param cells name, tolerance, width, height, RGB of five pixels, three means */
    private static List<String> problem(byte[] file, String[] cells) {
        Pixels pixels;
        try {
            pixels = new ImageDecoder(3).decode(file);
        } catch (UndecodableImageException e) {
            return List.of("refused: " + e.reason());
        }
        int width = pixels.width();
        int height = pixels.height();
        if (width != Integer.parseInt(cells[2]) || height != Integer.parseInt(cells[3])) {
            return List.of("is " + width + "×" + height + ", wanted " + cells[2] + "×" + cells[3]);
        }
        int[][] places = {
            {0, 0}, {width / 3, height / 3}, {width / 2, height / 2}, {width - 1, height - 1}, {width - 1, 0}
        };
        double tolerance = Double.parseDouble(cells[1]);
        List<String> problems = new ArrayList<>();
        for (int i = 0; i < places.length; i++) {
            for (int c = 0; c < 3; c++) {
                int got = pixels.values()[(c * height + places[i][1]) * width + places[i][0]] & 0xff;
                int wanted = Integer.parseInt(cells[4 + 3 * i + c]);
                if (Math.abs(got - wanted) > tolerance) {
                    problems.add("pixel " + i + " channel " + c + " is " + got + ", wanted " + wanted);
                }
            }
        }
        for (int c = 0; c < 3; c++) {
            double wanted = Double.parseDouble(cells[19 + c]);
            double got = mean(pixels, c);
            if (Math.abs(got - wanted) > Math.max(0.01, tolerance / 4)) {
                problems.add("mean of channel " + c + " is " + got + ", wanted " + wanted);
            }
        }
        return problems;
    }

    private static double mean(Pixels pixels, int channel) {
        int plane = pixels.width() * pixels.height();
        long sum = 0;
        for (int i = 0; i < plane; i++) {
            sum += pixels.values()[channel * plane + i] & 0xff;
        }
        return (double) sum / plane;
    }

    /** The images by their names. */
    static Map<String, byte[]> images() throws IOException {
        Map<String, byte[]> images = new TreeMap<>(files());
        images.remove(TABLE);
        return images;
    }

    private static byte[] file(Map<String, byte[]> files, String name) {
        return Objects.requireNonNull(files.get(name), name);
    }

    private static Map<String, byte[]> files() throws IOException {
        Map<String, byte[]> files = new HashMap<>();
        try (var zip =
                new ZipInputStream(Objects.requireNonNull(OddImagesTest.class.getResourceAsStream("/odd.zip")))) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                files.put(entry.getName(), zip.readAllBytes());
            }
        }
        return files;
    }
}
