package org.millrace.encoder.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.millrace.contract.image.ImageFormat;
import org.millrace.contract.image.ImageGate;
import org.millrace.contract.image.UnsoundImageException;

/** Whether the door, which decodes nothing, and the decoder agree on damaged files of every format and kind. */
final class DamagedFilesTest {
    private static final int MAX_PIXELS = 4 << 20;
    /** Files that the door may pass though the decoder refuses them: their data is long enough, and wrong. */
    private static final Map<String, Integer> MOST_LATE = Map.of("bmp", 0, "gif", 0, "jpeg", 8, "png", 0, "webp", 111);

    @Test
    void judgeWhole_damagedFiles_refusesWhatTheDecoderDoes() throws IOException {
        Map<String, int[]> counts = new TreeMap<>();
        List<String> late = new ArrayList<>();
        List<String> strict = new ArrayList<>();
        ImageDecoder decoder = new ImageDecoder(3, MAX_PIXELS);
        for (Map.Entry<String, byte[]> file : OddImagesTest.images().entrySet()) {
            String format = ImageFormat.of(file.getValue()).orElseThrow().label();
            int[] count = counts.computeIfAbsent(format, key -> new int[5]);
            assertThat(atDoor(file.getValue())).as(file.getKey()).isEmpty();
            DamagedFiles.of(file.getValue()).forEach((damage, bytes) -> {
                String decoded = decoded(decoder, bytes);
                String structure = ofStructure(bytes);
                String door = atDoor(bytes);
                count[0]++;
                count[1] += decoded.isEmpty() ? 0 : 1;
                if (structure.isEmpty() && !decoded.isEmpty()) {
                    count[2]++;
                }
                if (door.isEmpty() && !decoded.isEmpty()) {
                    count[3]++;
                    late.add(file.getKey() + ", " + damage + ": " + decoded);
                } else if (!door.isEmpty() && decoded.isEmpty()) {
                    count[4]++;
                    strict.add(file.getKey() + ", " + damage + ": " + door);
                }
            });
        }
        assertThat(counts).containsOnlyKeys(MOST_LATE.keySet());
        assertThat(late)
                .as("files that were only cut")
                .noneMatch(each -> each.matches("[^:]*(cut at|without its last) \\d+( %)?:.*"));
        assertThat(strict)
                .as("the rule of the decoder, which misses some")
                .allMatch(each -> each.endsWith(UnsoundImageException.SHORT));
        counts.forEach((format, count) -> System.out.printf(
                "%s: %d damaged, %d refused by the decoder; of them passed by the structure %d, by the door %d; refused by the door alone %d%n",
                format, count[0], count[1], count[2], count[3], count[4]));
        counts.forEach((format, count) -> assertThat(count[3])
                .as("%s passed by the door and refused by the decoder", format)
                .isLessThanOrEqualTo(MOST_LATE.get(format)));
    }

    private static String decoded(ImageDecoder decoder, byte[] file) {
        try {
            var unused = decoder.decode(file);
            return "";
        } catch (UndecodableImageException e) {
            return e.reason();
        }
    }

    private static String ofStructure(byte[] file) {
        try {
            var unused = ImageGate.judge(file, MAX_PIXELS);
            return "";
        } catch (UnsoundImageException e) {
            return e.reason();
        }
    }

    private static String atDoor(byte[] file) {
        try {
            var unused = ImageGate.judgeWhole(file, MAX_PIXELS);
            return "";
        } catch (UnsoundImageException e) {
            return e.reason();
        }
    }
}
