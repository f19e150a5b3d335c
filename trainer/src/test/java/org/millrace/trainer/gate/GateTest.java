package org.millrace.trainer.gate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.GateCounts;

class GateTest {
    private static final long SEED = 20_261_129;
    private static final int CLIP = 10;

    private final Random random = new Random(SEED);
    private final Gate gate = new Gate(config("novelty"));

    @Test
    void judge_independentImages_skipsTheShareThatIsConfigured() {
        for (int i = 0; i < 30_000; i++) {
            judge(gate, 0, i, "", scene());
        }
        double share = gate.counts().orElseThrow().skipped() / 30_000.0;
        assertThat(share).as("share skipped, seed %d", SEED).isBetween(0.005, 0.016);
    }

    @Test
    void judge_framesOfClips_keepsAboutOneOfEachOnceItKnowsTheSource() {
        int keptFrames = 0;
        int clipsKept = 0;
        for (int clip = 0; clip < 1_000; clip++) {
            byte[] scene = scene();
            int before = keptFrames;
            for (int frame = 0; frame < CLIP; frame++) {
                boolean kept = judge(gate, 0, (long) CLIP * clip + frame, "gate3", noisy(scene, 3))
                        .kept();
                keptFrames += kept && clip >= 500 ? 1 : 0;
            }
            clipsKept += keptFrames > before ? 1 : 0;
        }
        assertThat(keptFrames).as("frames kept of 5,000, seed %d", SEED).isBetween(480, 700);
        assertThat(clipsKept)
                .as("clips of 500 of which a frame was kept, seed %d", SEED)
                .isGreaterThan(475);
        assertThat(gate.counts().orElseThrow().sources())
                .hasEntrySatisfying("gate3", counts -> assertThat(counts.seen()).isEqualTo(10_000));
    }

    @Test
    void judge_blackFramesWithNoise_keepsTheHeartbeatAlone() {
        for (int i = 0; i < 2_000; i++) {
            judge(gate, 0, i, "", scene());
        }
        byte[] black = new byte[Thumbnail.BYTES];
        List<Integer> kept = IntStream.range(0, 64 * 20)
                .filter(i -> judge(gate, 0, 2_000 + i, "", noisy(black, 1)).kept())
                .boxed()
                .toList();
        assertThat(kept).hasSizeBetween(20, 22);
        assertThat(kept.get(kept.size() - 1) - kept.get(kept.size() - 2)).isEqualTo(64);
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "uniform", "novelty"})
    void judge_independentImages_segmentsOfOneImage(String policy) {
        Gate segmenting = new Gate(config(policy, "views.temporal=auto"));
        int joined = 0;
        for (int i = 0; i < 4_000; i++) {
            joined += judge(segmenting, 0, i, "", scene()).segment().orElseThrow() == i ? 0 : 1;
        }
        assertThat(joined)
                .as("of 4,000 joined to the one before, seed %d", SEED)
                .isBetween(10, 75); // 1 %
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "uniform", "novelty"})
    void judge_clipsOfInterleavedCameras_segmentsAreTheClips(String policy) {
        Gate segmenting = new Gate(config(policy, "moco.mask-segment=true"));
        int right = 0;
        long offset = 0;
        for (int clip = 0; clip < 160; clip++) {
            List<byte[]> scenes = List.of(scene(), scene(), scene());
            long first = offset;
            for (int frame = 0; frame < CLIP; frame++) {
                for (int camera = 0; camera < 3; camera++) {
                    long segment = judge(segmenting, 0, offset++, "gate" + camera, noisy(scenes.get(camera), 3))
                            .segment()
                            .orElseThrow();
                    right += clip >= 100 && segment == first + camera ? 1 : 0;
                }
            }
        }
        assertThat(right)
                .as("of 1,800 frames in their clip's segment, seed %d", SEED)
                .isGreaterThan(1_700); // 1 % of the clips join the one before
    }

    @Test
    void judge_aSceneThatComesBack_isAnotherSegment() {
        Gate segmenting = new Gate(config("none", "views.temporal=auto"));
        for (int i = 0; i < 1_000; i++) {
            judge(segmenting, 0, i, "", scene());
        }
        List<byte[]> scenes = List.of(scene(), scene());
        List<Long> segments = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            byte[] frame = noisy(scenes.get(i / 4 % 2), 2);
            segments.add(judge(segmenting, 0, 1_000 + i, "", frame).segment().orElseThrow());
        }
        assertThat(segments)
                .as("seed %d", SEED)
                .containsExactly(
                        1_000L, 1_000L, 1_000L, 1_000L, 1_004L, 1_004L, 1_004L, 1_004L, 1_008L, 1_008L, 1_008L, 1_008L);
    }

    @Test
    void judge_aCameraThatTurns_staysInOneSegmentAsLongAsNeighboursAreAlike() {
        Gate segmenting = new Gate(config("none", "views.temporal=auto"));
        for (int i = 0; i < 1_000; i++) {
            judge(segmenting, 0, i, "pan", scene());
        }
        byte[] first = scene();
        byte[] beside = scene();
        long segment = 1_000;
        for (int halves = 0; halves < 2 * Thumbnail.SIDE; halves++) { // an eighth of a field a frame
            segment = judge(segmenting, 0, 1_000 + halves, "pan", between(first, beside, halves))
                    .segment()
                    .orElseThrow();
        }
        assertThat(segment).as("seed %d", SEED).isEqualTo(1_000);
        assertThat(judge(segmenting, 0, 4_000, "other", between(first, beside, 31))
                        .segment())
                .hasValue(4_000);
    }

    @Test
    void judge_theSameFrameForEver_isNoMoreAlikeThanByChance() {
        Gate segmenting = new Gate(config("none", "views.temporal=auto"));
        byte[] still = scene();
        for (int i = 0; i < 500; i++) {
            assertThat(judge(segmenting, 0, i, "", still).segment()).hasValue(i);
        }
    }

    @Test
    void restore_anyMoment_judgesOnTheSame() {
        MillraceConfig config = config("novelty", "views.temporal=auto");
        Gate gate = new Gate(config);
        List<byte[]> stream = stream(6_000);
        Gate follower = new Gate(config);
        Gate restored = new Gate(config);
        for (int i = 0; i < stream.size(); i++) {
            Judged judged = judge(gate, i % 2, i / 2, "camera " + i % 3, stream.get(i));
            follower.apply(List.of(judged));
            if (i % 1_499 == 0) {
                restored = new Gate(config);
                restored.restore(follower.content());
            } else {
                assertThat(judge(restored, i % 2, i / 2, "camera " + i % 3, stream.get(i))
                                .verdict())
                        .as("image %d, seed %d", i, SEED)
                        .isEqualTo(judged.verdict());
            }
        }
        assertThat(gate.counts().orElseThrow().skipped()).isPositive();
        assertThat(follower.counts()).isEqualTo(gate.counts());
    }

    @Test
    void judge_partitionsInterleavedAnyhow_givesEachTheSameVerdicts() {
        List<byte[]> stream = stream(4_000);
        List<Boolean> alone = new ArrayList<>();
        for (int i = 0; i < stream.size(); i++) {
            alone.add(judge(gate, 1, i, "", stream.get(i)).kept());
        }
        Gate other = new Gate(config("novelty"));
        for (int i = 0; i < stream.size(); i++) {
            for (int k = random.nextInt(3); k > 0; k--) {
                judge(other, 0, i, "", scene());
            }
            assertThat(judge(other, 1, i, "", stream.get(i)).kept())
                    .as("image %d, seed %d", i, SEED)
                    .isEqualTo(alone.get(i));
        }
        assertThat(alone).contains(false);
    }

    @Test
    void judge_aSourceOfItsOwnForEachImage_sharesOneMemory() {
        byte[] same = scene();
        for (int i = 0; i < 3_000; i++) {
            judge(gate, 0, i, "file " + i, i % 2 == 0 ? same : scene());
        }
        GateCounts counts = gate.counts().orElseThrow();
        assertThat(counts.sources()).hasSize(32).containsKey("(others)");
        assertThat(counts.seen()).isEqualTo(3_000);
        assertThat(counts.skipped()).as("seed %d", SEED).isGreaterThan(500);
    }

    @Test
    void counts_moreSourcesThanAreNamed_countsTheRestTogether() {
        Gate uniform = new Gate(config("uniform"));
        for (int i = 0; i < 800; i++) {
            uniform.judge(new ImageOffset(i % 4, i / 4), "camera " + i % 80, Optional.empty(), false);
        }
        GateCounts counts = uniform.counts().orElseThrow();
        assertThat(counts.sources()).hasSize(33);
        assertThat(counts.seen()).isEqualTo(800);
        assertThat(counts.sources().values().stream()
                        .mapToLong(GateCounts.Source::seen)
                        .sum())
                .isEqualTo(800);
    }

    @Test
    void judge_openGate_keepsWhatItWouldSkipAndRemembersIt() {
        byte[] scene = scene();
        for (int i = 0; i < 2_000; i++) {
            judge(gate, 0, i, "", scene);
        }
        assertThat(judge(gate, 0, 2_000, "", scene).kept()).isFalse();
        for (int i = 1; i <= 3; i++) {
            assertThat(gate.judge(new ImageOffset(0, 2_000 + i), "", Optional.of(scene), true)
                            .kept())
                    .isTrue();
        }
        assertThat(judge(gate, 0, 2_004, "", scene).kept()).isFalse();
        assertThat(new Gate(config("uniform", "stream.gate-share=0.001"))
                        .judge(new ImageOffset(0, 1), "", Optional.empty(), true)
                        .kept())
                .isTrue();
    }

    @Test
    void judge_uniform_keepsTheShareWithoutLooking() {
        Gate uniform = new Gate(config("uniform"));
        long kept = IntStream.range(0, 10_000)
                .filter(i -> uniform.judge(new ImageOffset(0, i), "", Optional.empty(), false)
                        .kept())
                .count();
        assertThat(kept).isBetween(2_350L, 2_650L);
        Gate again = new Gate(config("uniform"));
        again.restore(uniform.content());
        assertThat(again.counts()).isEqualTo(uniform.counts());
    }

    private static MillraceConfig config(String policy, String... more) {
        return new ConfigLoader()
                .assignments(Stream.concat(Stream.of("stream.gate=" + policy), Stream.of(more))
                        .toList())
                .load();
    }

    // the right part of one scene and the left part of the next, turned by so many halves of a place
    private static byte[] between(byte[] scene, byte[] next, int halves) {
        byte[] turning = new byte[scene.length];
        for (int i = 0; i < turning.length; i++) {
            int row = i / Thumbnail.SIDE * Thumbnail.SIDE;
            int column = i % Thumbnail.SIDE + halves / 2;
            int here = at(scene, next, row, column);
            turning[i] = (byte) (halves % 2 == 0 ? here : (here + at(scene, next, row, column + 1)) / 2);
        }
        return turning;
    }

    private static int at(byte[] scene, byte[] next, int row, int column) {
        byte[] shown = column < Thumbnail.SIDE ? scene : next;
        return shown[row + column % Thumbnail.SIDE] & 0xff;
    }

    private static Judged judge(Gate gate, int partition, long offset, String source, byte[] thumbnail) {
        return gate.judge(new ImageOffset(partition, offset), source, Optional.of(thumbnail), false);
    }

    // of clips of about three frames
    private List<byte[]> stream(int frames) {
        List<byte[]> stream = new ArrayList<>();
        byte[] scene = scene();
        for (int i = 0; i < frames; i++) {
            scene = random.nextInt(3) == 0 ? scene() : scene;
            stream.add(noisy(scene, 2));
        }
        return stream;
    }

    // four by four fields of any grey
    private byte[] scene() {
        int[] fields = random.ints(16, 0, 256).toArray();
        byte[] thumbnail = new byte[Thumbnail.BYTES];
        for (int i = 0; i < thumbnail.length; i++) {
            thumbnail[i] = (byte) fields[i / Thumbnail.SIDE / 4 * 4 + i % Thumbnail.SIDE / 4];
        }
        return thumbnail;
    }

    private byte[] noisy(byte[] scene, double deviation) {
        byte[] noisy = new byte[scene.length];
        for (int i = 0; i < scene.length; i++) {
            long grey = Math.round((scene[i] & 0xff) + deviation * random.nextGaussian());
            noisy[i] = (byte) Math.min(255, Math.max(0, grey));
        }
        return noisy;
    }
}
