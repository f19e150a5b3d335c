package org.millrace.evaluator.anchor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.EvaluatorConfig;
import org.millrace.contract.event.ModelDrift;
import org.millrace.contract.event.ModelDrift.Role;
import org.millrace.numerics.FeatureMatrix;

class AnchorsTest {
    private static final int DIMENSION = 8;
    private static final long SEED = 7;
    private static final OptionalLong NONE = OptionalLong.empty();

    private final EvaluatorConfig config = new ConfigLoader()
            .assignments(List.of("evaluator.anchors=40", "evaluator.anchor-neighbours=5"))
            .load()
            .evaluator();

    @TempDir
    private Path folder;

    @Test
    void images_chosenOnce_stayThoughTheProbeSetChanges() {
        Anchors anchors = new Anchors(config, folder);
        List<byte[]> first = anchors.images(heldOut(0, 100));
        assertThat(first).hasSize(40);
        assertThat(anchors.images(heldOut(100, 100))).containsExactlyElementsOf(first);
        anchors.compare(0, NONE, random(1));
        List<byte[]> afterRestart = new Anchors(config, folder).images(heldOut(100, 100));
        assertThat(afterRestart).hasSize(40);
        for (int i = 0; i < 40; i++) {
            assertThat(afterRestart.get(i)).isEqualTo(first.get(i));
        }
    }

    @Test
    void images_tooFewOrTurnedOff_none() {
        assertThat(new Anchors(config, folder).images(heldOut(0, 5))).isEmpty();
        EvaluatorConfig off = new ConfigLoader()
                .assignments(List.of("evaluator.anchors=0"))
                .load()
                .evaluator();
        assertThat(new Anchors(off, folder).images(heldOut(0, 100))).isEmpty();
    }

    @Test
    void compare_sameRotatedAndUnrelatedFeatures_tellThemApart() {
        System.out.println("seed " + SEED);
        Anchors anchors = opened();
        assertThat(anchors.compare(0, NONE, random(1)))
                .as("nothing to compare the first with")
                .isEmpty();
        ModelDrift rotated = anchors.compare(400, NONE, rotated(random(1))).orElseThrow();
        assertThat(rotated.anchors()).isEqualTo(40);
        assertThat(rotated.against()).extracting(ModelDrift.Against::role).containsExactly(Role.PREVIOUS, Role.FIRST);
        for (ModelDrift.Against against : rotated.against()) {
            assertThat(against.version()).isZero();
            assertThat(against.cka().getAsDouble()).isCloseTo(1, within(1e-6));
            assertThat(against.procrustes().getAsDouble()).isCloseTo(0, within(1e-6));
            assertThat(against.churn()).isZero();
        }
        ModelDrift unrelated = anchors.compare(800, NONE, random(2)).orElseThrow();
        assertThat(unrelated.against()).extracting(ModelDrift.Against::version).containsExactly(400L, 0L);
        for (ModelDrift.Against against : unrelated.against()) {
            assertThat(against.cka().getAsDouble()).isBetween(-0.3, 0.3);
            assertThat(against.churn()).isBetween(0.7, 1.0); // by chance 5 of 39 stay
        }
        ModelDrift constant = anchors.compare(1200, NONE, new FeatureMatrix(40, DIMENSION, new double[40 * DIMENSION]))
                .orElseThrow();
        assertThat(constant.against().get(0).cka()).isEqualTo(OptionalDouble.empty());
    }

    @Test
    void compare_afterARestart_knowsThePreviousAndTheFirst() {
        Anchors anchors = opened();
        anchors.compare(0, NONE, random(1));
        anchors.compare(400, NONE, random(2));
        anchors.compare(800, NONE, random(3));
        ModelDrift straight = anchors.compare(1200, NONE, random(4)).orElseThrow();
        ModelDrift again =
                opened().compare(1200, NONE, random(4)).orElseThrow(); // it was scored, and its score was lost
        assertThat(again).isEqualTo(straight);
        assertThat(again.against()).extracting(ModelDrift.Against::version).containsExactly(800L, 0L);
    }

    @Test
    void compare_withCurrentAndPinned_keepsTheirFeaturesHoweverOldTheyAre() {
        EvaluatorConfig pinning = new ConfigLoader()
                .assignments(List.of(
                        "evaluator.anchors=40", "evaluator.anchor-neighbours=5", "evaluator.pinned-version=400"))
                .load()
                .evaluator();
        OptionalLong current = OptionalLong.of(800);
        Anchors anchors = new Anchors(pinning, folder);
        assertThat(anchors.images(heldOut(0, 100))).hasSize(40);
        for (long version = 0; version <= 800; version += 400) {
            anchors.compare(version, NONE, random(version));
        }
        for (long version = 1200; version <= 4000; version += 400) {
            anchors.compare(version, current, random(version));
        }
        ModelDrift drift =
                new Anchors(pinning, folder).compare(4400, current, random(800)).orElseThrow();
        assertThat(drift.against())
                .extracting(against -> against.role() + " " + against.version())
                .containsExactly("PREVIOUS 4000", "CURRENT 800", "PINNED 400", "FIRST 0");
        assertThat(drift.against(Role.CURRENT).orElseThrow().churn())
                .as("its features are those of 800")
                .isZero();
        assertThat(anchors.knows(1200)).as("neither old role nor new").isFalse();
    }

    @Test
    void compare_pinnedNeverScored_comparesWithTheOthers() {
        EvaluatorConfig pinning = new ConfigLoader()
                .assignments(List.of("evaluator.anchors=40", "evaluator.pinned-version=7"))
                .load()
                .evaluator();
        Anchors anchors = new Anchors(pinning, folder);
        assertThat(anchors.images(heldOut(0, 100))).hasSize(40);
        anchors.compare(0, NONE, random(1));
        assertThat(anchors.compare(400, NONE, random(2)).orElseThrow().against())
                .extracting(ModelDrift.Against::role)
                .containsExactly(Role.PREVIOUS, Role.FIRST);
        anchors.remember(7, random(3));
        assertThat(anchors.compare(800, NONE, random(4)).orElseThrow().against())
                .extracting(ModelDrift.Against::role)
                .containsExactly(Role.PREVIOUS, Role.PINNED, Role.FIRST);
    }

    @Test
    void open_damagedFile_beginsAnew() throws IOException {
        Anchors anchors = opened();
        anchors.compare(0, NONE, random(1));
        Path file = folder.resolve(Anchors.FILE);
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 1;
        Files.write(file, bytes);
        assertThat(opened().compare(400, NONE, random(2))).isEqualTo(Optional.empty());
    }

    private Anchors opened() {
        Anchors anchors = new Anchors(config, folder);
        assertThat(anchors.images(heldOut(0, 100))).hasSize(40);
        return anchors;
    }

    private static List<byte[]> heldOut(int from, int count) {
        return IntStream.range(from, from + count)
                .mapToObj(i -> ("image " + i).getBytes(StandardCharsets.US_ASCII))
                .toList();
    }

    // float32, as an encoder's features are
    private static FeatureMatrix random(long seed) {
        Random random = new Random(SEED + seed);
        double[] values = new double[40 * DIMENSION];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return new FeatureMatrix(40, DIMENSION, values);
    }

    // a quarter turn of each pair of dimensions
    private static FeatureMatrix rotated(FeatureMatrix features) {
        double[] values = new double[40 * DIMENSION];
        for (int i = 0; i < values.length; i += 2) {
            values[i] = -features.values()[i + 1];
            values[i + 1] = features.values()[i];
        }
        return new FeatureMatrix(40, DIMENSION, values);
    }
}
