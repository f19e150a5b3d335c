package org.millrace.trainer.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.encoder.image.Pixels;
import org.millrace.trainer.TestRuns;

final class ViewsTest {
    private static final long SEED = 61;
    private static final int SIDE = 16;
    private static final int MANY = 2000;

    @Test
    void make_sameCoordinates_sameViewsWhateverCameBefore() {
        MillraceConfig config = config("augment.jitter-probability=1", "augment.flip-probability=0.5");
        Views reused = new Views(config);
        Pixels pixels = noise(20, 30);
        for (int index = 0; index < 20; index++) {
            Pair pair = make(reused, pixels, index);
            Pair again = make(new Views(config), pixels, index);
            assertThat(pair.first()).containsExactly(again.first()).isNotEqualTo(pair.second());
            assertThat(pair.second()).containsExactly(again.second());
        }
    }

    @Test
    void make_anotherSeedOrStep_otherViews() {
        Pixels pixels = noise(20, 30);
        Views views = new Views(config("augment.jitter-probability=1"));
        float[] here = make(views, pixels, 0).first();
        assertThat(make(new Views(config("augment.jitter-probability=1", "run.seed=2")), pixels, 0)
                        .first())
                .isNotEqualTo(here);
        FloatBuffer first = FloatBuffer.allocate(here.length);
        views.make(pixels, 2, 0, List.of(first, FloatBuffer.allocate(here.length)));
        assertThat(first.array()).isNotEqualTo(here);
    }

    /** A ramp from left to right tells by its slope whether it was flipped. */
    @ParameterizedTest
    @CsvSource({"true, 0, 0", "false, 0.455, 0.545"}) // ½ ± 4 σ of 2,000 draws
    void make_flipOnceOrNot_viewsDifferNeverOrHalfOfTheTime(boolean once, double least, double most) {
        Views views = new Views(config("augment.flip-probability=0.5", "augment.flip-once=" + once));
        int flipped = 0;
        int differ = 0;
        for (int index = 0; index < MANY; index++) {
            Pair pair = make(views, ramp(), index);
            boolean first = pair.first()[0] > pair.first()[3 * (SIDE - 1)];
            boolean second = pair.second()[0] > pair.second()[3 * (SIDE - 1)];
            flipped += first ? 1 : 0;
            differ += first == second ? 0 : 1;
        }
        assertThat(flipped / (double) MANY).isBetween(0.455, 0.545);
        assertThat(differ / (double) MANY).isBetween(least, most);
    }

    /** Blur flattens noise; solarising at threshold 0 turns the mean of a bright image over. BYOL's table 6 asks for 1 / 0.1 and 0 / 0.2. */
    @ParameterizedTest
    @CsvSource({
        "blur, 1, 0.1, 1, 0.1",
        "blur, 0.5, -1, 0.5, 0.5",
        "solarise, 0, 0.2, 0, 0.2",
        "solarise, 0.3, -1, 0.3, 0.3",
        "solarise, 1, 0, 1, 0",
    })
    void make_probabilityOfEachView_thatShareOfTheViews(
            String what, double first, double second, double wantedFirst, double wantedSecond) {
        Views views = new Views(config(
                "augment." + what + "-probability=" + first,
                "augment.second-" + what + "-probability=" + second,
                "augment.solarise-threshold=0",
                "augment.blur-sigma-min=1"));
        Pixels pixels = noise(SIDE, SIDE);
        float[] plain = make(new Views(config()), pixels, 0).first();
        int changedFirst = 0;
        int changedSecond = 0;
        for (int index = 0; index < MANY; index++) {
            Pair pair = make(views, pixels, index);
            changedFirst += Arrays.equals(pair.first(), plain) ? 0 : 1;
            changedSecond += Arrays.equals(pair.second(), plain) ? 0 : 1;
        }
        assertThat(changedFirst / (double) MANY).isCloseTo(wantedFirst, within(fourDeviations(wantedFirst)));
        assertThat(changedSecond / (double) MANY).isCloseTo(wantedSecond, within(fourDeviations(wantedSecond)));
    }

    @Test
    void make_translate_everyViewIsTheWholeImageShifted() {
        MillraceConfig config = config("augment.crop=translate", "augment.translate-probability=0.8");
        Views views = new Views(config);
        Pixels pixels = noise(SIDE, SIDE);
        List<float[]> shifted = everyShift(pixels, config.augment().translatePixels());
        int unshifted = 0;
        for (int index = 0; index < MANY; index++) {
            float[] view = make(views, pixels, index).second();
            int which = -1;
            for (int i = 0; i < shifted.size() && which < 0; i++) {
                which = Arrays.equals(view, shifted.get(i)) ? i : -1;
            }
            assertThat(which).as("shift of view %d", index).isNotNegative();
            unshifted += which == shifted.size() / 2 ? 1 : 0; // the shifts are in order, so that by nothing is central
        }
        double wanted = 0.2 + 0.8 / 81;
        assertThat(unshifted / (double) MANY).isCloseTo(wanted, within(fourDeviations(wanted)));
    }

    private static double fourDeviations(double probability) {
        return 4 * Math.sqrt(probability * (1 - probability) / MANY);
    }

    private static List<float[]> everyShift(Pixels pixels, int largest) {
        List<float[]> shifted = new ArrayList<>();
        float[] plain = make(new Views(config()), pixels, 0).first(); // H×W×C
        for (int down = -largest; down <= largest; down++) {
            for (int right = -largest; right <= largest; right++) {
                float[] view = new float[plain.length];
                for (int i = 0; i < view.length; i++) {
                    int row = Mirror.inside(i / 3 / SIDE - down, SIDE);
                    int column = Mirror.inside(i / 3 % SIDE - right, SIDE);
                    view[i] = plain[(row * SIDE + column) * 3 + i % 3];
                }
                shifted.add(view);
            }
        }
        return shifted;
    }

    /** Nothing random but what the assignments say. */
    private static MillraceConfig config(String... assignments) {
        List<String> all = new ArrayList<>(List.of(
                "augment.crop=translate",
                "augment.translate-probability=0",
                "augment.flip-probability=0",
                "augment.jitter-probability=0",
                "augment.grey-probability=0"));
        all.addAll(List.of(assignments));
        return TestRuns.config(all.toArray(String[]::new));
    }

    private static Pair make(Views views, Pixels pixels, int index) {
        FloatBuffer first = FloatBuffer.allocate(3 * SIDE * SIDE);
        FloatBuffer second = FloatBuffer.allocate(3 * SIDE * SIDE);
        views.make(pixels, 1, index, List.of(first, second));
        assertThat(first.remaining()).isZero();
        assertThat(second.remaining()).isZero();
        return new Pair(first.array(), second.array());
    }

    private static Pixels ramp() {
        byte[] values = new byte[3 * SIDE * SIDE];
        for (int i = 0; i < values.length; i++) {
            values[i] = (byte) (i % SIDE * 10);
        }
        return new Pixels(3, SIDE, SIDE, values);
    }

    private static Pixels noise(int height, int width) {
        System.out.println("seed " + SEED);
        byte[] values = new byte[3 * height * width];
        CounterRandom.of(SEED, 0, Purpose.SHUFFLE, 0).nextBytes(values);
        return new Pixels(3, height, width, values);
    }

    @SuppressWarnings("ArrayRecordComponent")
    private record Pair(float[] first, float[] second) {}
}
