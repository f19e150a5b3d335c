package org.millrace.encoder.selftest;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import java.util.HashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.config.Precision;
import org.millrace.contract.config.TransformerSettings.PatchProjection;
import org.millrace.contract.config.TransformerSettings.Pool;
import org.millrace.contract.config.TransformerSettings.Positions;
import org.millrace.encoder.TestEncoders;
import org.millrace.encoder.network.VisionTransformer;
import org.millrace.encoder.precision.ForwardPass;
import org.millrace.encoder.tensor.Tensors;
import org.millrace.encoder.tensor.Torch;

/** A transformer's block as it is computed, and with planted faults. */
final class BlockCheckTest {
    private static final String[] LAYERS = {
        "norm1.weight", "norm1.bias", "attn.qkv.weight", "attn.qkv.bias", "attn.proj.weight", "attn.proj.bias",
                "ls1.gamma",
        "norm2.weight", "norm2.bias", "mlp.fc1.weight", "mlp.fc1.bias", "mlp.fc2.weight", "mlp.fc2.bias", "ls2.gamma"
    };

    @ParameterizedTest
    @CsvSource({"FP32, true", "FP32, false", "BF16, true", "BF16, false"})
    void run_asItIs_passes(Precision precision, boolean gradients) {
        assertThatCode(() -> check(precision, UnaryOperator.identity()).run(gradients))
                .doesNotThrowAnyException();
    }

    /** A gradient that is a tenth too large, of each tensor in turn. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "norm1.weight",
                "norm1.bias",
                "attn.qkv.weight",
                "attn.qkv.bias",
                "attn.proj.weight",
                "attn.proj.bias",
                "ls1.gamma",
                "norm2.weight",
                "norm2.bias",
                "mlp.fc1.weight",
                "mlp.fc1.bias",
                "mlp.fc2.weight",
                "mlp.fc2.bias",
                "ls2.gamma"
            })
    void run_gradientOfOneTensorATenthTooLarge_isFound(String name) {
        BlockCheck check = check(Precision.FP32, changed(name, weight -> {
            NDArray factor = weight.getManager().create(1.1f);
            NDArray rest = weight.getManager().create(0.1f);
            return weight.mul(factor).sub(weight.stopGradient().mul(rest));
        }));
        assertThatThrownBy(() -> check.run(true))
                .isInstanceOf(WrongNumberException.class)
                .hasMessageContaining("a loss rises by ");
    }

    @Test
    void run_oneTensorAHundredthTooLarge_isFound() {
        for (String name : LAYERS) {
            BlockCheck check = check(
                    Precision.FP32,
                    changed(name, weight -> weight.mul(weight.getManager().create(1.01f))));
            assertThatThrownBy(() -> check.run(false))
                    .as(name)
                    .isInstanceOf(WrongNumberException.class)
                    .hasMessageContaining("a transformer's block of 17 tokens of 16 channels: channel ");
        }
    }

    private static UnaryOperator<Tensors> changed(String name, UnaryOperator<NDArray> change) {
        return tensors -> {
            Map<String, NDArray> named = new HashMap<>(tensors.named());
            named.put(name, change.apply(tensors.get(name)));
            return new Tensors(named, tensors.convolution());
        };
    }

    private static BlockCheck check(Precision precision, UnaryOperator<Tensors> planted) {
        Torch torch = TestEncoders.torch().with(precision);
        VisionTransformer network = new VisionTransformer(new VisionTransformer.Specification(
                16, 1, 2, 4, 4, 4, 3, 0, true, Pool.CLASS, Positions.LEARNED, PatchProjection.LEARNED));
        return new BlockCheck(torch, new ForwardPass(torch), network, 1, planted);
    }
}
