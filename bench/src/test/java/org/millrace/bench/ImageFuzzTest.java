package org.millrace.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The short form of {@code bench/fuzz images}. */
final class ImageFuzzTest {
    private static final long SEED = Long.getLong("millrace.seed", 13);
    private static final int IMAGES = 2_000;

    @Test
    void decode_mutatedImagesOfAllFormats_eachIsDecodedOrRefused() throws IOException {
        ImageFuzz fuzz = new ImageFuzz(ImageFuzz.sources(Path.of("../encoder/src/test/resources/odd.zip")), SEED);
        for (int i = 0; i < IMAGES; i++) {
            fuzz.decode(i);
        }
        System.out.println(fuzz.report());
        assertThat(fuzz.decoded()).isBetween(IMAGES / 20L, IMAGES * 19L / 20);
        assertThat(fuzz.refused().keySet()).anyMatch(reason -> reason.startsWith("damaged webp"));
    }
}
