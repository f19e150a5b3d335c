package org.millrace.server.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.millrace.contract.ImageOffset;
import org.millrace.encoder.image.ImageDecoder;

final class RecentImagesTest {
    private static final int MAX_PIXELS = 1_000_000;

    private final ImageDecoder decoder = new ImageDecoder(3, MAX_PIXELS);
    private final Random random = new Random(1);

    @Test
    void of_moreWorkThanATaskMayTake_keepsTheNewestThatFitAndCountsTheOthers() throws Exception {
        List<StoredImage> newestFirst = new ArrayList<>();
        for (int i = 20; i > 0; i--) {
            newestFirst.add(image(i, ChangedImagesTest.noise(random, rgb -> rgb)));
        }
        newestFirst.add(1, image(100, new byte[] {1, 2, 3})); // damaged: among the rejects, not counted here
        long each = decoder.judge(newestFirst.get(0).file()).work();
        var recent = new RecentImages(
                new StoredImages.Newest(newestFirst, 5), new BoundedDecoding(decoder, 3 * each), MAX_PIXELS, 1);
        assertThat(recent.list()).extracting(RecentImages.Listed::at).containsExactly("0/18", "0/19", "0/20");
        assertThat(recent.leftOut()).isEqualTo(17 + 5);
        assertThat(recent.picture("0/20")).isPresent();
        assertThat(recent.picture("0/17")).isEmpty();
    }

    @Test
    void of_oneImageTooLarge_theOthersAreKept() throws Exception {
        List<StoredImage> newestFirst = new ArrayList<>();
        for (int i = 4; i > 0; i--) {
            newestFirst.add(image(i, ChangedImagesTest.noise(random, rgb -> rgb)));
        }
        newestFirst.add(1, image(9, GalleryMakerTest.jpeg(random, 512, 384)));
        long small = decoder.judge(newestFirst.get(0).file()).work();
        var recent = new RecentImages(
                new StoredImages.Newest(newestFirst, 0), new BoundedDecoding(decoder, 5 * small), MAX_PIXELS, 1);
        assertThat(recent.list()).extracting(RecentImages.Listed::at).containsExactly("0/1", "0/2", "0/3", "0/4");
        assertThat(recent.leftOut()).isEqualTo(1);
    }

    private static StoredImage image(int offset, byte[] file) {
        return new StoredImage(new ImageOffset(0, offset), offset, "", "", file);
    }
}
