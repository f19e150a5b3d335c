package org.millrace.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.tensor.Torch;
import org.millrace.keystore.KeyWindow;
import org.millrace.keystore.Memory;
import org.millrace.trainer.objective.Batch;
import org.millrace.trainer.stream.StageClock;

/**
 * A step in parts against the same step at once. Batch norm makes no difference by construction: two parts of two virtual devices have
 * the images together that four devices of the whole batch have, in the shuffled order of the keys, too.
 */
final class AccumulationTest {
    private static final long SEED = 29;
    private static final int IMAGES = 16;
    private static final double RELATIVE = 1e-5;

    @ParameterizedTest
    @ValueSource(strings = {"moco-v2", "moco-v2 trainer.symmetric=true", "byol"})
    void step_inTwoParts_gradientLossAndKeysAsAtOnce(String objective) {
        System.out.println("seed " + SEED);
        Outcome whole = step(objective + " trainer.accumulate=1 trainer.batch-norm-splits=4");
        Outcome parts = step(objective + " trainer.accumulate=2 trainer.batch-norm-splits=2");
        double distance = distance(parts.gradient(), whole.gradient());
        System.out.println(objective + ": gradients differ by " + distance + " of their norm");
        assertThat(distance).isLessThan(RELATIVE);
        assertThat(parts.result().loss())
                .isCloseTo(
                        whole.result().loss(), within(RELATIVE * whole.result().loss()));
        assertThat(parts.result().accuracy())
                .isEqualTo(Double.valueOf(whole.result().accuracy())); // byol: NaN
        assertThat(distance(parts.result().features(), whole.result().features()))
                .isLessThan(RELATIVE);
        assertThat(distance(parts.result().losses(), whole.result().losses())).isLessThan(RELATIVE);
        assertThat(parts.keyImages()).isEqualTo(whole.keyImages());
        assertThat(distance(parts.keys(), whole.keys())).isLessThan(RELATIVE);
    }

    /** @param gradient what the first step left in the optimiser's momentum */
    @SuppressWarnings("ArrayRecordComponent")
    private record Outcome(Learner.Result result, float[] gradient, float[] keys, List<ImageOffset> keyImages) {}

    private static Outcome step(String settings) {
        List<String> all = new ArrayList<>(List.of(
                "trainer.batch-size=" + IMAGES,
                "trainer.batch-norm=shuffle",
                "moco.queue-size=" + 2 * IMAGES,
                "optimiser.weight-decay=0"));
        all.addAll(List.of(("trainer.objective=" + settings).split(" ", -1)));
        MillraceConfig config = TestRuns.config(all.toArray(String[]::new));
        Torch torch = TestRuns.torch();
        try (Memory memory = TestRuns.memory(config);
                Learner learner = new Learner(config, torch, memory);
                NDManager scope = torch.newManager()) {
            learner.begin();
            Learner.Result result = learner.step(batch(scope), scope, new StageClock(System::nanoTime));
            KeyWindow keys = memory.asKeys().newest(2 * IMAGES); // none of byol
            return new Outcome(
                    result,
                    values(learner.optimiser()),
                    keys.keys(),
                    keys.provenance().stream().map(key -> key.image()).toList());
        }
    }

    private static Batch batch(NDManager scope) {
        List<ImageOffset> images = LongStream.range(0, IMAGES)
                .mapToObj(offset -> new ImageOffset(0, offset))
                .toList();
        return new Batch(
                1,
                images,
                TestRuns.ids(images),
                List.of(views(Purpose.VIEW_ONE, scope), views(Purpose.VIEW_TWO, scope)));
    }

    private static NDArray views(Purpose purpose, NDManager scope) {
        CounterRandom random = CounterRandom.of(SEED, 1, purpose, 0);
        float[] values = new float[IMAGES * 3 * 16 * 16];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return scope.create(values, new Shape(IMAGES, 3, 16, 16));
    }

    // all tensors in the order of their names
    private static float[] values(Safetensors file) {
        List<Float> values = new ArrayList<>();
        for (String name : file.names()) {
            for (float value : file.tensor(name, file.shape(name))) {
                values.add(value);
            }
        }
        float[] all = new float[values.size()];
        for (int i = 0; i < all.length; i++) {
            all[i] = values.get(i);
        }
        return all;
    }

    // ‖a − b‖ / ‖b‖; 0 of nothing
    private static double distance(float[] a, float[] b) {
        assertThat(a).hasSameSizeAs(b);
        double difference = 0;
        double length = 0;
        for (int i = 0; i < a.length; i++) {
            difference += Math.pow(a[i] - b[i], 2);
            length += Math.pow(b[i], 2);
        }
        return length == 0 ? 0 : Math.sqrt(difference / length);
    }
}
