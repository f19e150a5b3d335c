package org.millrace.trainer.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.config.ReplayConfig;
import org.millrace.contract.config.ReplayConfig.LongTerm;
import org.millrace.contract.config.ReplayConfig.Policy;
import org.millrace.keystore.image.FileKey;

final class ReplayBufferTest {
    private static final int LAG = 3;

    @Test
    void offer_fifo_keepsTheNewest() {
        ReplayBuffer buffer = buffer(Policy.FIFO, 5);
        for (int first = 0; first < 13; first += 3) { // 15 images
            buffer.offer(images(first, 3), random(1, first));
            int offered = first + 3;
            assertThat(offsets(images(buffer)))
                    .containsExactlyInAnyOrderElementsOf(
                            offsets(images(Math.max(0, offered - 5), Math.min(5, offered))));
        }
        assertThat(buffer.offered()).isEqualTo(15);
    }

    @Test
    void offer_none_keepsNothing() {
        ReplayBuffer buffer = buffer(Policy.NONE, 5);
        assertThat(buffer.offer(images(0, 10), random(1, 0))).isEmpty();
        assertThat(images(buffer)).isEmpty();
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
            assertThat(images(buffer)).hasSize(20).doesNotHaveDuplicates();
            images(buffer).forEach(image -> kept[(int) image.at().offset()]++);
        }
        for (int image = 0; image < kept.length; image++) {
            assertThat((double) kept[image]).as("image %d", image).isCloseTo(200, within(5 * Math.sqrt(180.0)));
        }
    }

    /** Each way to choose what stays. */
    static List<ReplayConfig> kinds() {
        List<ReplayConfig> kinds = new ArrayList<>();
        for (Policy policy : Policy.values()) {
            if (policy != Policy.TWO_TIER) {
                kinds.add(TestReplay.config(policy, 30, 0.5));
            }
        }
        for (LongTerm longTerm : LongTerm.values()) {
            kinds.add(TestReplay.twoTier(longTerm, 30, 0.25, 0.01));
        }
        return kinds;
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void apply_changesOfAnother_sameContent(ReplayConfig kind) {
        long seed = 23;
        System.out.println("seed " + seed);
        RandomGenerator sizes = random(seed, -1);
        ReplayBuffer buffer = new ReplayBuffer(kind, LAG);
        ReplayBuffer follower = new ReplayBuffer(kind, LAG);
        int offered = 0;
        for (int step = 0; step < 50; step++) {
            List<StoredImage> images = images(offered, sizes.nextInt(12));
            buffer.begin(step + 1);
            follower.apply(step + 1, buffer.offer(images, random(seed, step)), images.size());
            offered += images.size();
            train(step + 1, buffer, follower);
            assertThat(follower.content()).usingRecursiveComparison().isEqualTo(buffer.content());
            assertThat(follower.shareContent()).isEqualTo(buffer.shareContent());
            assertThat(follower.offered()).isEqualTo(buffer.offered()).isEqualTo(offered);
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void restore_inMidStream_goesOnTheSame(ReplayConfig kind) {
        long seed = 24;
        System.out.println("seed " + seed);
        ReplayBuffer buffer = new ReplayBuffer(kind, LAG);
        for (int step = 1; step <= 12; step++) {
            buffer.begin(step);
            buffer.offer(images(step * 7, 7), random(seed, step));
            train(step, buffer);
        }
        ReplayBuffer restored = new ReplayBuffer(kind, LAG);
        restored.offer(images(900, 5), random(seed, 0)); // to be forgotten
        restored.restore(buffer.content(), buffer.offered());
        buffer.shareContent().ifPresent(restored::restoreShare);
        for (int step = 13; step <= 24; step++) {
            List<StoredImage> later = images(step * 7, 7);
            buffer.begin(step);
            restored.begin(step);
            assertThat(restored.offer(later, random(seed, step))).isEqualTo(buffer.offer(later, random(seed, step)));
            train(step, buffer, restored);
            assertThat(restored.content()).usingRecursiveComparison().isEqualTo(buffer.content());
            assertThat(restored.shareContent()).isEqualTo(buffer.shareContent());
            assertThat(restored.draw(8, random(seed, -step))).isEqualTo(buffer.draw(8, random(seed, -step)));
            assertThat(restored.drawShortTerm(2, random(seed, -step)))
                    .isEqualTo(buffer.drawShortTerm(2, random(seed, -step)));
        }
    }

    // of 200 images the newest 2 are short-term; 2,000 seeds, 18 places for the 198 others: each is kept Binomial(2000,
    // 1/11) times,
    // 181.8 ± 12.9; the bound is 5 deviations
    @Test
    void offer_twoTier_theNewestAndASampleOfTheOthers() {
        int seeds = 2000;
        System.out.println("seeds 0 to " + (seeds - 1));
        int[] kept = new int[198];
        for (long seed = 0; seed < seeds; seed++) {
            ReplayBuffer buffer = new ReplayBuffer(TestReplay.twoTier(LongTerm.RESERVOIR, 20, 0.25, 0.01), LAG);
            for (int step = 0; step < 40; step++) {
                buffer.offer(images(step * 5, 5), random(seed, step));
                if (seed < 10) {
                    assertThat(offsets(buffer.drawShortTerm(9, random(seed, -step))))
                            .containsExactlyInAnyOrderElementsOf(offsets(images(step * 5 + 3, 2)));
                }
            }
            List<StoredImage> longTerm = buffer.draw(100, random(seed, 100));
            assertThat(longTerm).hasSize(18).doesNotHaveDuplicates();
            longTerm.forEach(image -> kept[(int) image.at().offset()]++);
        }
        for (int image = 0; image < kept.length; image++) {
            assertThat((double) kept[image])
                    .as("image %d", image)
                    .isCloseTo(2000 / 11.0, within(5 * Math.sqrt(2000 / 11.0 * 10 / 11)));
        }
    }

    @Test
    void offer_twoTierWithMinRed_redundantGoesOnlyFromTheLongTermTier() {
        ReplayBuffer buffer = new ReplayBuffer(TestReplay.twoTier(LongTerm.MIN_RED, 20, 0.25, 0.01), 1);
        buffer.begin(1);
        buffer.offer(images(0, 20), random(1, 1)); // 18 and 19 are short-term
        float[] features = new float[20 * 20];
        for (int image = 0; image < 20; image++) {
            features[image * 20 + (image == 7 ? 3 : Math.min(image, 18))] = 1; // 7 is like 3, and 18 like 19
        }
        buffer.trained(TestReplay.trained(new TrainedImages(1, offsets(images(0, 20)), features)));
        buffer.begin(2);
        buffer.offer(images(20, 1), random(1, 2));
        List<ImageOffset> all = offsets(images(0, 21));
        all.remove(3);
        assertThat(offsets(images(buffer))).isEqualTo(all);
    }

    // losses 0 to 17 in the long-term tier but for image 7, whose loss is the lowest; then 4 is trained again with the
    // highest
    @Test
    void offer_twoTierWithHighLoss_whatIsLearntBestGoes() {
        ReplayBuffer buffer = new ReplayBuffer(TestReplay.twoTier(LongTerm.HIGH_LOSS, 20, 0.25, 0.01), 1);
        buffer.begin(1);
        buffer.offer(images(0, 20), random(1, 1)); // 18 and 19 are short-term
        float[] losses = new float[20];
        for (int image = 0; image < 20; image++) {
            losses[image] = image == 7 ? -1 : image;
        }
        buffer.trained(TestReplay.trained(new TrainedImages(1, offsets(images(0, 20)), losses)));
        buffer.begin(2);
        buffer.offer(images(20, 2), random(1, 2));
        List<ImageOffset> all = offsets(images(0, 22));
        all.removeAll(offsets(images(7, 1)));
        all.removeAll(offsets(images(0, 1)));
        assertThat(offsets(images(buffer))).isEqualTo(all);

        float[] again = {5, 0}; // 1 stands one deviation above its batch now, 2 one below
        buffer.trained(TestReplay.trained(new TrainedImages(2, offsets(images(1, 2)), again)));
        buffer.begin(3);
        buffer.offer(images(22, 1), random(1, 3));
        all.removeAll(offsets(images(2, 1)));
        all.addAll(offsets(images(22, 1)));
        assertThat(offsets(images(buffer))).isEqualTo(all);
    }

    @Test
    void standings_losses_inDeviationsFromTheirMean() {
        assertThat(StepLosses.standings(new float[] {1, 3, 1, 3})).containsExactly(-1, 1, -1, 1);
        assertThat(StepLosses.standings(new float[] {2, 2})).containsExactly(0, 0);
    }

    @Test
    void draw_bothTiers_noImageTwice() {
        long seed = 27;
        System.out.println("seed " + seed);
        ReplayBuffer buffer = new ReplayBuffer(TestReplay.twoTier(LongTerm.RESERVOIR, 30, 0.25, 0.01), LAG);
        for (int step = 0; step < 40; step++) {
            buffer.offer(images(step * 7, 7), random(seed, step));
            List<StoredImage> batch = new ArrayList<>(buffer.drawShortTerm(2, random(seed, step)));
            batch.addAll(buffer.draw(20, random(seed, step)));
            assertThat(batch).doesNotHaveDuplicates();
            assertThat(buffer.shortTerm() + buffer.longTerm()).isEqualTo(buffer.size());
        }
        assertThat(buffer.shortTerm()).isEqualTo(3);
        assertThat(buffer.longTerm()).isEqualTo(27);
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
            List<StoredImage> batch = buffer.draw(3, random(seed, step));
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
    void offer_minRed_fewerThanTwiceAsManyTrained_oldestGoes() {
        ReplayBuffer buffer = new ReplayBuffer(TestReplay.config(Policy.MIN_RED, 4, 0.5), 1);
        buffer.offer(images(0, 4), random(1, 0));
        buffer.trained(trained(1, new long[] {1, 2, 3}, 1, 0, 0, 1, 0, 1));
        buffer.begin(2);
        buffer.offer(images(4, 2), random(1, 0)); // 3 < 2·2
        assertThat(offsets(images(buffer))).isEqualTo(offsets(images(2, 4)));
    }

    @Test
    void offer_minRed_enoughTrained_theOlderOfTheClosestPairGoes() {
        ReplayBuffer buffer = new ReplayBuffer(TestReplay.config(Policy.MIN_RED, 4, 0.5), 1);
        buffer.offer(images(0, 4), random(1, 0));
        buffer.trained(trained(1, new long[] {1, 2, 3}, 1, 0, 0, 1, 0, 1));
        buffer.begin(2);
        assertThat(buffer.offer(images(4, 1), random(1, 0)).get(1))
                .isEqualTo(new ReplayBuffer.Change(2, Optional.empty()));
        assertThat(images(buffer)).extracting(image -> image.at().offset()).containsExactly(0L, 1L, 3L, 4L);
    }

    @Test
    void begin_minRed_featuresCountAfterTheLagAndAreAveraged() {
        ReplayBuffer buffer = new ReplayBuffer(TestReplay.config(Policy.MIN_RED, 4, 0.25), 2);
        buffer.begin(1);
        buffer.offer(images(0, 2), random(1, 0));
        buffer.trained(trained(1, new long[] {1, 99}, 1, 0, 0, 1)); // image 99 is not in the buffer
        buffer.begin(2);
        assertThat(feature(buffer, 1)).isEmpty();
        buffer.trained(trained(2, new long[] {1}, 0, 1));
        buffer.begin(3);
        assertThat(feature(buffer, 0)).isEmpty();
        assertThat(feature(buffer, 1).orElseThrow()).containsExactly(1, 0);
        assertThat(buffer.content().waiting()).hasSize(1);
        buffer.trained(trained(3, new long[] {0}, 0, 1));
        buffer.begin(4);
        float length = (float) Math.sqrt(0.75 * 0.75 + 0.25 * 0.25);
        assertThat(feature(buffer, 1).orElseThrow())
                .containsExactly(new float[] {0.75f / length, 0.25f / length}, within(1e-6f));
    }

    @Test
    void begin_minRedWithoutTheFeaturesThatCount_isRefused() {
        ReplayBuffer buffer = buffer(Policy.MIN_RED, 4);
        assertThat(buffer.isReadyFor(LAG)).isTrue();
        assertThat(buffer.isReadyFor(LAG + 1)).isFalse();
        assertThatThrownBy(() -> buffer.begin(LAG + 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("step 4 needs the features of step 1, but they end at 0");
        assertThat(buffer(Policy.FIFO, 4).isReadyFor(LAG + 1)).isTrue();
    }

    @Test
    void trained_minRedEarlierOrLater_sameContent() {
        long seed = 26;
        System.out.println("seed " + seed);
        ReplayBuffer prompt = buffer(Policy.MIN_RED, 30);
        ReplayBuffer late = buffer(Policy.MIN_RED, 30);
        for (int step = 1; step <= 40; step++) {
            List<StoredImage> images = images(step * 7, 7);
            if (step > LAG) {
                late.trained(random(step - LAG));
            }
            prompt.begin(step);
            late.begin(step);
            assertThat(late.offer(images, random(seed, step))).isEqualTo(prompt.offer(images, random(seed, step)));
            assertThat(late.content().images())
                    .usingRecursiveComparison()
                    .isEqualTo(prompt.content().images());
            prompt.trained(random(step));
        }
    }

    @Test
    void trained_sameStepAgain_isRefused() {
        ReplayBuffer buffer = buffer(Policy.MIN_RED, 4);
        buffer.trained(trained(1, new long[] {0}, 1, 0));
        assertThatThrownBy(() -> buffer.trained(trained(1, new long[] {0}, 1, 0)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void restore_moreThanFit_says() {
        assertThatThrownBy(() -> buffer(Policy.FIFO, 3).restore(content(images(0, 4)), 4))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("4 images do not fit replay.capacity (3)");
    }

    private static ReplayBuffer buffer(Policy policy, int capacity) {
        return new ReplayBuffer(TestReplay.config(policy, capacity, 0.5), LAG);
    }

    private static RandomGenerator random(long seed, long step) {
        return CounterRandom.of(seed, step, Purpose.BUFFER_INSERT, 0);
    }

    private static List<StoredImage> images(int first, int count) {
        List<StoredImage> images = new ArrayList<>();
        for (int i = first; i < first + count; i++) {
            images.add(new StoredImage(new FileKey(new ImageOffset(0, i), 0, 0), i, Optional.empty(), ""));
        }
        return images;
    }

    private static List<ImageOffset> offsets(List<StoredImage> images) {
        return new ArrayList<>(images.stream().map(StoredImage::at).toList());
    }

    private static List<StoredImage> images(ReplayBuffer buffer) {
        return buffer.content().images().stream().map(ReplayContent.Kept::image).toList();
    }

    private static ReplayContent content(List<StoredImage> images) {
        return new ReplayContent(
                images.stream()
                        .map(image -> new ReplayContent.Kept(image, Optional.empty()))
                        .toList(),
                List.of());
    }

    private static Optional<float[]> feature(ReplayBuffer buffer, int slot) {
        return buffer.content().images().get(slot).feature();
    }

    private static void train(int step, ReplayBuffer... buffers) {
        for (ReplayBuffer buffer : buffers) {
            if (buffer.learns()) {
                buffer.trained(random(step));
            }
        }
    }

    private static TrainedStep trained(long step, long[] offsets, float... features) {
        List<ImageOffset> images = Arrays.stream(offsets)
                .mapToObj(offset -> new ImageOffset(0, offset))
                .toList();
        return TestReplay.trained(new TrainedImages(step, images, features), 2);
    }

    /** The seven newest images of a step and some of before, with random features. */
    private static TrainedStep random(int step) {
        RandomGenerator random = CounterRandom.of(5, step, Purpose.SHUFFLE, 0);
        long[] offsets =
                LongStream.range(Math.max(0, 7L * step - 5), 7L * step + 7).toArray();
        float[] values = new float[offsets.length * 4];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return trained(step, offsets, TestFeatures.ofViews(values, values, 4));
    }
}
