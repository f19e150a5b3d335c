package org.millrace.encoder.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.weights.LowRank;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.TestEncoders;
import org.millrace.encoder.tensor.Gradients;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.WeightLayout;
import org.millrace.encoder.tensor.Weights;

/** Adapters beside their layers against the whole network in which they are added to the weights. */
final class LowRankTest {
    private static final long SEED = 5;
    private static final double TOLERANCE = 1e-5; // of a tensor's largest value
    private static final float SCALE = 2; // α 8, rank 4
    private static final String ADAPTED =
            "encoder.train=lora encoder.lora-rank=4 encoder.lora-alpha=8" + " encoder.lora-targets=qkv,proj,fc1,fc2";

    private final Torch torch = TestEncoders.torch();

    /**
     * With W' = W + sB·A the chain rule gives ∂B = s·∂W'·Aᵀ and ∂A = s·Bᵀ·∂W', and everything else has the gradient that it has in the
     * whole network.
     */
    @Test
    void forward_adaptersApart_featuresAndGradientsOfTheMergedNetwork() {
        Backbone network = Backbone.of(config(ADAPTED).encoder());
        WeightLayout layout = network.layout();
        LearnedPart.choose(config(ADAPTED).encoder(), layout, "");
        try (Weights apart = Weights.initialised(torch, layout, SEED).requireGradient();
                Weights merged =
                        Weights.initialised(torch, network.layout(), SEED).requireGradient();
                NDManager scope = torch.newManager()) {
            Safetensors base = apart.beginning("");
            apart.read(moved(apart.snapshot("")));
            Safetensors learned = apart.snapshot("");
            merged.read(LowRank.merged(base, learned));
            NDArray images = scope.create(noise(2 * 3 * 32 * 32), new Shape(2, 3, 32, 32));
            NDArray slopes = scope.create(noise(2 * network.features()), new Shape(2, network.features()));
            close(
                    "features",
                    differentiated(network, apart, images, slopes),
                    differentiated(network, merged, images, slopes));
            Map<String, float[]> gradient = gradient(apart);
            Map<String, float[]> wanted = gradient(merged);
            int adapters = 0;
            for (Map.Entry<String, float[]> own : gradient.entrySet()) {
                String name = own.getKey();
                if (!LowRank.isAdapter(name)) {
                    close(name, own.getValue(), Objects.requireNonNull(wanted.get(name)));
                    continue;
                }
                adapters++;
                String layer = name.substring(0, name.lastIndexOf('.'));
                float[] down = learned.tensor(layer + LowRank.DOWN, learned.shape(layer + LowRank.DOWN));
                float[] up = learned.tensor(layer + LowRank.UP, learned.shape(layer + LowRank.UP));
                float[] ofWeight = Objects.requireNonNull(wanted.get(layer + ".weight"));
                int outputs = (int) learned.shape(layer + LowRank.UP)[0];
                int inputs = (int) learned.shape(layer + LowRank.DOWN)[1];
                close(
                        name,
                        own.getValue(),
                        name.endsWith(LowRank.UP)
                                ? ofUp(ofWeight, down, outputs, inputs)
                                : ofDown(ofWeight, up, outputs, inputs));
            }
            assertThat(adapters).isEqualTo(11 * 4 * 2);
        }
    }

    /** What frozen tensors make is freed with the pass, as everything else: a class token that lived longer would keep all behind it. */
    @ParameterizedTest
    @ValueSource(strings = {"encoder.train=all", "encoder.train=lora", "encoder.train=last-blocks"})
    void forward_partlyFrozen_resultsBelongToThePass(String settings) {
        EncoderConfig config = config(settings).encoder();
        Backbone network = Backbone.of(config);
        WeightLayout layout = network.layout();
        LearnedPart.choose(config, layout, "");
        try (Weights weights = Weights.initialised(torch, layout, SEED).requireGradient();
                NDManager scope = torch.newManager()) {
            NDArray images = scope.create(noise(2 * 3 * 32 * 32), new Shape(2, 3, 32, 32));
            for (boolean recorded : new boolean[] {true, false}) {
                Supplier<NDArray> pass =
                        () -> network.forward(images, weights.tensors(scope), "", BatchNormMode.TRAINING);
                NDArray features = recorded ? Gradients.recorded(pass) : Gradients.unrecorded(pass);
                assertThat(features.getManager()).isSameAs(scope);
            }
        }
    }

    /**
     * A block of width D has 12D² + 13D parameters, of which 4D are its norms', the last norm 2D, and an adapter of qkv r·4D. With adapters under
     * a tenth learns, as ExPLoRA has it.
     */
    @ParameterizedTest
    @CsvSource({
        "vit-tiny, encoder.train=lora, 521280, 5524416",
        "vit-small, encoder.train=lora, 1927296, 21665664",
        "vit-base, encoder.train=lora, 7393536, 85798656",
        "vit-base, encoder.train=lora encoder.trained-blocks=0, 333312, 85798656",
        "vit-tiny, encoder.train=last-blocks encoder.trained-blocks=2, 890112, 5524416",
    })
    void choose_ofTheArchitectures_underATenthLearns(String architecture, String settings, long learned, long all) {
        EncoderConfig config = config("encoder.architecture=" + architecture
                        + " encoder.patch=16 encoder.height=224 encoder.width=224 " + settings)
                .encoder();
        WeightLayout layout = Backbone.of(config).layout();
        assertThat(layout.parameterCount()).isEqualTo((int) all);
        LearnedPart.choose(config, layout, "");
        assertThat(layout.parameterCount()).isEqualTo((int) learned);
        if (settings.contains("lora")) {
            assertThat(learned / (double) all).isLessThan(0.1);
        }
    }

    @Test
    void merged_fileOfAnotherNetwork_namesWhatHasNoPlace() {
        Safetensors base = new Safetensors.Builder()
                .add("a.weight", new long[] {1, 1}, new float[] {1})
                .build();
        Safetensors other = new Safetensors.Builder()
                .add("b.weight", new long[] {1, 1}, new float[] {1})
                .build();
        assertThatThrownBy(() -> LowRank.merged(base, other))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("b.weight");
    }

    // s·∂W'·Aᵀ, O×r
    private static float[] ofUp(float[] ofWeight, float[] down, int outputs, int inputs) {
        int rank = down.length / inputs;
        float[] gradient = new float[outputs * rank];
        for (int o = 0; o < outputs; o++) {
            for (int r = 0; r < rank; r++) {
                double sum = 0;
                for (int i = 0; i < inputs; i++) {
                    sum += (double) ofWeight[o * inputs + i] * down[r * inputs + i];
                }
                gradient[o * rank + r] = (float) (SCALE * sum);
            }
        }
        return gradient;
    }

    // s·Bᵀ·∂W', r×I
    private static float[] ofDown(float[] ofWeight, float[] up, int outputs, int inputs) {
        int rank = up.length / outputs;
        float[] gradient = new float[rank * inputs];
        for (int r = 0; r < rank; r++) {
            for (int i = 0; i < inputs; i++) {
                double sum = 0;
                for (int o = 0; o < outputs; o++) {
                    sum += (double) up[o * rank + r] * ofWeight[o * inputs + i];
                }
                gradient[r * inputs + i] = (float) (SCALE * sum);
            }
        }
        return gradient;
    }

    private static float[] differentiated(Backbone network, Weights weights, NDArray images, NDArray slopes) {
        return Gradients.recorded(() -> {
            NDArray made = network.forward(images, weights.tensors(images.getManager()), "", BatchNormMode.TRAINING);
            JniUtils.backward((PtNDArray) made, (PtNDArray) slopes, false, false);
            return made.toFloatArray();
        });
    }

    // each parameter's, by name, in the order of the snapshot, in which parameters come first
    private static Map<String, float[]> gradient(Weights weights) {
        float[] all;
        try (NDArray gradient = weights.gradient()) {
            all = gradient.toFloatArray();
        }
        Safetensors file = weights.snapshot("");
        Map<String, float[]> parts = new LinkedHashMap<>();
        int at = 0;
        for (String name : file.names()) {
            int size = file.tensor(name, file.shape(name)).length;
            if (at + size <= all.length) {
                parts.put(name, Arrays.copyOfRange(all, at, at + size));
                at += size;
            }
        }
        assertThat(at).isEqualTo(all.length);
        return parts;
    }

    // adapters that add something: as they begin, B is zero
    private static Safetensors moved(Safetensors learned) {
        var random = new SplittableRandom(SEED);
        Safetensors.Builder file = new Safetensors.Builder();
        for (String name : learned.names()) {
            float[] values = learned.tensor(name, learned.shape(name)).clone();
            if (LowRank.isAdapter(name)) {
                for (int i = 0; i < values.length; i++) {
                    values[i] += (float) random.nextDouble(-0.05, 0.05);
                }
            }
            file.add(name, learned.shape(name), values);
        }
        return file.build();
    }

    private static float[] noise(int size) {
        var random = new SplittableRandom(SEED + size);
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static void close(String what, float[] got, float[] wanted) {
        assertThat(got).as(what).hasSameSizeAs(wanted);
        float largest = 0;
        for (float value : wanted) {
            largest = Math.max(largest, Math.abs(value));
        }
        assertThat(largest).as(what).isPositive();
        for (int i = 0; i < got.length; i++) {
            assertThat(got[i]).as("%s, value %d", what, i).isCloseTo(wanted[i], within((float) (TOLERANCE * largest)));
        }
    }

    private static MillraceConfig config(String settings) {
        return new ConfigLoader()
                .assignments(List.of(("encoder.architecture=vit-tiny encoder.patch=8 " + settings).split(" ", -1)))
                .load();
    }
}
