package org.millrace.encoder.precision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.pooling.Pool;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.millrace.contract.UserException;
import org.millrace.contract.config.Precision;
import org.millrace.encoder.TestEncoders;
import org.millrace.encoder.tensor.Convolution;

final class ForwardPassTest {
    private final Autocast autocast = load();

    private static Autocast load() {
        TestEncoders.torch();
        return Autocast.load(false, Precision.BF16);
    }

    /** What is written in decision 32: DJL names float32 and calls half precision unknown. */
    @Test
    void computed_bf16_whichOperationsAreLowered() {
        try (NDManager scope = TestEncoders.torch().newManager()) {
            NDArray x = scope.ones(new Shape(2, 3, 8, 8));
            NDArray kernel = scope.ones(new Shape(4, 3, 3, 3));
            NDArray matrix = scope.ones(new Shape(3, 3));
            NDArray four = scope.ones(new Shape(4));
            NDArray mean = scope.zeros(new Shape(4));
            NDArray variance = scope.ones(new Shape(4));
            Map<String, DataType> types = new LinkedHashMap<>();
            new ForwardPass(TestEncoders.torch().with(Precision.BF16)).computed(() -> {
                NDArray y = Convolution.USUAL.apply(x, kernel, null, 1, 1);
                types.put("convolution", y.getDataType());
                types.put(
                        "linear",
                        Linear.linear(matrix, matrix, scope.ones(new Shape(3)))
                                .singletonOrThrow()
                                .getDataType());
                types.put("matrix product", matrix.matMul(matrix).getDataType());
                types.put(
                        "batch norm of half",
                        BatchNorm.batchNorm(y, mean, variance, four, four, 1, 0.9f, 1e-5f, true)
                                .singletonOrThrow()
                                .getDataType());
                types.put("running variance", variance.getDataType());
                types.put("relu of half", Activation.relu(y).getDataType());
                types.put("sum of halves", y.add(y).getDataType());
                types.put("mean of half", Pool.globalAvgPool2d(y).getDataType());
                types.put(
                        "half beside float32",
                        NDArrays.concat(new NDList(y, scope.ones(y.getShape())), 1)
                                .getDataType());
                types.put("relu of float32", Activation.relu(x).getDataType());
                types.put("softmax of float32", matrix.logSoftmax(1).getDataType());
                return y;
            });
            assertThat(types)
                    .containsEntry("convolution", DataType.UNKNOWN)
                    .containsEntry("linear", DataType.UNKNOWN)
                    .containsEntry("matrix product", DataType.UNKNOWN)
                    .containsEntry("batch norm of half", DataType.UNKNOWN)
                    .containsEntry("running variance", DataType.FLOAT32)
                    .containsEntry("relu of half", DataType.UNKNOWN)
                    .containsEntry("sum of halves", DataType.UNKNOWN)
                    .containsEntry("mean of half", DataType.UNKNOWN)
                    .containsEntry("half beside float32", DataType.FLOAT32)
                    .containsEntry("relu of float32", DataType.FLOAT32)
                    .containsEntry("softmax of float32", DataType.FLOAT32);
        }
    }

    /** 1 + 2^-p lies half way to the next number: a factor that half precision rounds to 1. */
    @ParameterizedTest
    @EnumSource(Precision.class)
    void of_product_isRoundedToThePrecision_andItsGradientIsFloat32(Precision precision) {
        var pass = new ForwardPass(TestEncoders.torch().with(precision));
        float factor = (float) (1 + precision.unitRoundoff());
        boolean recording = JniUtils.isGradMode();
        JniUtils.setGradMode(true);
        try (NDManager scope = TestEncoders.torch().newManager()) {
            NDArray x = scope.create(new float[] {2}, new Shape(1, 1));
            NDArray w = scope.create(new float[] {factor}, new Shape(1, 1));
            w.setRequiresGradient(true);
            NDArray y = pass.of(() -> x.matMul(w));
            JniUtils.backward((PtNDArray) y, (PtNDArray) scope.ones(y.getShape()), false, false);
            NDArray gradient = w.getGradient();
            gradient.attach(scope);
            assertThat(y.toFloatArray()).containsExactly(2 * (precision.isHalf() ? 1 : factor));
            assertThat(gradient.toFloatArray()).containsExactly(2);
        } finally {
            JniUtils.setGradMode(recording);
        }
    }

    @Test
    void computed_nestedAndThrowing_leavesTheThreadAsItWas() {
        var half = new ForwardPass(TestEncoders.torch().with(Precision.BF16));
        var other = new ForwardPass(TestEncoders.torch().with(Precision.FP16));
        int type = autocast.type();
        assertThat(autocast.isEnabled()).isFalse();
        assertThatThrownBy(() -> half.computed(() -> {
                    int outer = autocast.type();
                    assertThatThrownBy(() -> other.computed(() -> {
                                assertThat(autocast.type()).isNotEqualTo(outer);
                                throw new IllegalStateException("inner");
                            }))
                            .hasMessage("inner");
                    assertThat(autocast.isEnabled()).isTrue();
                    assertThat(autocast.type()).isEqualTo(outer);
                    throw new IllegalStateException("outer");
                }))
                .hasMessage("outer");
        assertThat(autocast.isEnabled()).isFalse();
        assertThat(autocast.type()).isEqualTo(type);
        autocast.enter(); // the first again: the nesting is what it was
        autocast.leave();
    }

    @Test
    void computed_otherThread_isNotLowered_andCannotClose() throws InterruptedException {
        AtomicReference<Throwable> seen = new AtomicReference<>();
        try (var scope = new AutocastScope(autocast, Precision.BF16)) {
            Thread other = new Thread(() -> {
                try {
                    assertThat(autocast.isEnabled()).isFalse();
                    assertThatThrownBy(scope::close).hasMessageContaining("cannot be closed by another");
                } catch (AssertionError e) {
                    seen.set(e);
                }
            });
            other.start();
            other.join();
            assertThat(autocast.isEnabled()).isTrue();
        }
        assertThat(seen.get()).isNull();
    }

    @Test
    void load_libraryWithoutAutocast_saysWhichAndWhatToSet(@TempDir Path folder) {
        Path core = Path.of(ai.djl.pytorch.jni.LibUtils.getLibtorchPath(), System.mapLibraryName("c10"));
        assertThatThrownBy(() -> Autocast.load(core, false, Precision.BF16))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith("half precision (bf16) needs libtorch's autocast, but " + core)
                .hasMessageContaining("has none of the functions")
                .hasMessageContaining("Set trainer.precision and encoder.precision to fp32");
        Path absent = folder.resolve("libtorch_cpu.so");
        assertThat(Files.exists(absent)).isFalse();
        assertThatThrownBy(() -> Autocast.load(absent, false, Precision.FP16))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("cannot be opened");
    }
}
