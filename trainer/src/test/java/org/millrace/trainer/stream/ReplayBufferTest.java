package org.millrace.trainer.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.config.ReplayConfig;
import org.millrace.contract.config.ReplayConfig.Policy;

final class ReplayBufferTest {
    @Test
    void offer_fifo_keepsTheNewest() {
        ReplayBuffer buffer = buffer(Policy.FIFO, 5);
        for (int first = 0; first < 13; first += 3) { // 15 images
            buffer.offer(images(first, 3), random(1, first));
            int offered = first + 3;
            assertThat(offsets(buffer.images()))
                    .containsExactlyInAnyOrderElementsOf(
                            offsets(images(Math.max(0, offered - 5), Math.min(5, offered))));
        }
        assertThat(buffer.offered()).isEqualTo(15);
    }

    @Test
    void offer_none_keepsNothing() {
        ReplayBuffer buffer = buffer(Policy.NONE, 5);
        assertThat(buffer.offer(images(0, 10), random(1, 0))).isEmpty();
        assertThat(buffer.images()).isEmpty();
        assertThat(buffer.offered()).isEqualTo(10);
        assertThat(buffer.draw(3, random(1, 1))).isEmpty();
    }

    // 2,000 seeds, 200 images, 20 places: each is kept Binomial(2000, 0.1) times, 200 ± 13.4; the bound is 5 deviations
    @Test
    void offer_reservoir_everyImageEquallyLikely() {
        int seeds = 2000;
        System.out.println("seeds 0 to " + (seeds - 1));
        int[] kept = new int[200];
        for (long seed = 0; seed < seeds; seed++) {
            ReplayBuffer buffer = buffer(Policy.RESERVOIR, 20);
            for (int step = 0; step < 20; step++) {
                buffer.offer(images(step * 10, 10), random(seed, step));
            }
            assertThat(buffer.images()).hasSize(20).doesNotHaveDuplicates();
            buffer.images().forEach(image -> kept[(int) image.at().offset()]++);
        }
        for (int image = 0; image < kept.length; image++) {
            assertThat((double) kept[image]).as("image %d", image).isCloseTo(200, within(5 * Math.sqrt(180.0)));
        }
    }

    @ParameterizedTest
    @EnumSource(Policy.class)
    void apply_changesOfAnother_sameContent(Policy policy) {
        long seed = 23;
        System.out.println("seed " + seed);
        RandomGenerator sizes = random(seed, -1);
        ReplayBuffer buffer = buffer(policy, 30);
        ReplayBuffer follower = buffer(policy, 30);
        int offered = 0;
        for (int step = 0; step < 50; step++) {
            List<LoggedImage> images = images(offered, sizes.nextInt(12));
            follower.apply(buffer.offer(images, random(seed, step)), images.size());
            offered += images.size();
            assertThat(follower.images()).isEqualTo(buffer.images());
            assertThat(follower.offered()).isEqualTo(buffer.offered()).isEqualTo(offered);
        }
    }

    @ParameterizedTest
    @EnumSource(Policy.class)
    void restore_inMidStream_goesOnTheSame(Policy policy) {
        long seed = 24;
        System.out.println("seed " + seed);
        ReplayBuffer buffer = buffer(policy, 30);
        buffer.offer(images(0, 47), random(seed, 0));
        ReplayBuffer restored = buffer(policy, 30);
        restored.restore(buffer.images(), buffer.offered());
        List<LoggedImage> later = images(47, 20);
        buffer.offer(later, random(seed, 1));
        restored.offer(later, random(seed, 1));
        assertThat(restored.images()).isEqualTo(buffer.images());
        assertThat(restored.draw(8, random(seed, 2))).isEqualTo(buffer.draw(8, random(seed, 2)));
    }

    // each of 10 images in a draw of 3: Binomial(10000, 0.3), 3000 ± 45.8; the bound is 5 deviations
    @Test
    void draw_manyTimes_differentImagesUniformly() {
        long seed = 25;
        System.out.println("seed " + seed);
        ReplayBuffer buffer = buffer(Policy.FIFO, 10);
        buffer.offer(images(0, 10), random(seed, 0));
        int[] drawn = new int[10];
        for (int step = 1; step <= 10_000; step++) {
            List<LoggedImage> batch = buffer.draw(3, random(seed, step));
            assertThat(batch).hasSize(3).doesNotHaveDuplicates();
            batch.forEach(image -> drawn[(int) image.at().offset()]++);
        }
        for (int count : drawn) {
            assertThat((double) count).isCloseTo(3000, within(5 * Math.sqrt(2100.0)));
        }
    }

    @Test
    void draw_fewerThanWanted_all() {
        ReplayBuffer buffer = buffer(Policy.RESERVOIR, 10);
        buffer.offer(images(0, 4), random(1, 0));
        assertThat(offsets(buffer.draw(8, random(1, 1)))).containsExactlyInAnyOrderElementsOf(offsets(images(0, 4)));
        assertThat(offsets(buffer.draw(4, random(1, 2)))).containsExactlyInAnyOrderElementsOf(offsets(images(0, 4)));
    }

    @Test
    void restore_moreThanFit_says() {
        assertThatThrownBy(() -> buffer(Policy.FIFO, 3).restore(images(0, 4), 4))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("4 images do not fit replay.capacity (3)");
    }

    private static ReplayBuffer buffer(Policy policy, int capacity) {
        return new ReplayBuffer(new ReplayConfig(policy, capacity, 1));
    }

    private static RandomGenerator random(long seed, long step) {
        return CounterRandom.of(seed, step, Purpose.BUFFER_INSERT, 0);
    }

    private static List<LoggedImage> images(int first, int count) {
        List<LoggedImage> images = new ArrayList<>();
        for (int i = first; i < first + count; i++) {
            images.add(new LoggedImage(new ImageOffset(0, i), i, "", new byte[0]));
        }
        return images;
    }

    private static List<ImageOffset> offsets(List<LoggedImage> images) {
        return images.stream().map(LoggedImage::at).toList();
    }
}
