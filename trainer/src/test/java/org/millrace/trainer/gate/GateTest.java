package org.millrace.trainer.gate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
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

    @Test
    void restore_anyMoment_judgesOnTheSame() {
        List<byte[]> stream = stream(6_000);
        Gate follower = new Gate(config("novelty"));
        Gate restored = new Gate(config("novelty"));
        for (int i = 0; i < stream.size(); i++) {
            Judged judged = judge(gate, i % 2, i / 2, "camera " + i % 3, stream.get(i));
            follower.apply(List.of(judged));
            if (i % 1_499 == 0) {
                restored = new Gate(config("novelty"));
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
            uniform.judge(new ImageOffset(i % 4, i / 4), "camera " + i % 80, Optional.empty());
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
    void judge_uniform_keepsTheShareWithoutLooking() {
        Gate uniform = new Gate(config("uniform"));
        long kept = IntStream.range(0, 10_000)
                .filter(i -> uniform.judge(new ImageOffset(0, i), "", Optional.empty())
                        .kept())
                .count();
        assertThat(kept).isBetween(2_350L, 2_650L);
        Gate again = new Gate(config("uniform"));
        again.restore(uniform.content());
        assertThat(again.counts()).isEqualTo(uniform.counts());
    }

    private static MillraceConfig config(String policy) {
        return new ConfigLoader().assignments(List.of("stream.gate=" + policy)).load();
    }

    private static Judged judge(Gate gate, int partition, long offset, String source, byte[] thumbnail) {
        return gate.judge(new ImageOffset(partition, offset), source, Optional.of(thumbnail));
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
