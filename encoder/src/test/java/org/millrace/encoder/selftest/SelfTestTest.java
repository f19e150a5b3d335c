package org.millrace.encoder.selftest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.millrace.contract.UserException;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.config.Precision;
import org.millrace.encoder.TestEncoders;
import org.millrace.encoder.selftest.SelfTest.Outcome;
import org.millrace.encoder.selftest.SelfTest.Use;
import org.millrace.encoder.tensor.Convolution;
import org.millrace.encoder.tensor.Torch;

/** The self-test on kernels that are right, and on planted ones that are not. */
final class SelfTestTest {
    private static final EncoderConfig RESNET20 = TestEncoders.encoder("resnet20", "cifar", 16, 3);

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({
        "resnet20, cifar, 3",
        "resnet18, imagenet, 3",
        "resnet50, imagenet, 1",
        "vit-tiny, cifar, 3",
        "amdim, cifar, 3"
    })
    void problem_pointsAsProducts_none(String architecture, String stem, int channels) {
        EncoderConfig config = architecture.equals("amdim")
                ? TestEncoders.amdim(channels)
                : TestEncoders.encoder(architecture, stem, 32, channels);
        assertThat(SelfTest.problem(TestEncoders.torch(), config, Use.TRAINING)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "resnet20, cifar, bf16",
        "resnet18, imagenet, bf16",
        "resnet50, imagenet, bf16",
        "vit-tiny, cifar, bf16",
        "amdim, cifar, bf16"
    })
    void problem_halfPrecision_none(String architecture, String stem, String precision) {
        EncoderConfig config =
                architecture.equals("amdim") ? TestEncoders.amdim(3) : TestEncoders.encoder(architecture, stem, 32, 3);
        Torch half = TestEncoders.torch().with(Precision.valueOf(precision.toUpperCase(Locale.ROOT)));
        assertThat(SelfTest.problem(half, config, Use.TRAINING)).isEmpty();
    }

    /** What a wrong kernel may do. The faults are in 1×1 convolutions, as those that were met. */
    enum Fault {
        LAST_IMAGE_OF_A_BATCH {
            @Override
            NDArray in(NDArray y) {
                long last = y.getShape().get(0) - 1;
                return last == 0
                        ? y
                        : NDArrays.concat(
                                new NDList(y.get("0:" + last), y.get(last + ":").mul(1.5f)), 0);
            }
        },
        ROWS_OF_A_BATCH_CHANGE_PLACES {
            @Override
            NDArray in(NDArray y) {
                return y.getShape().get(0) == 1 ? y : NDArrays.concat(new NDList(y.get("1:"), y.get("0:1")), 0);
            }
        },
        EVERYWHERE_THE_SAME {
            @Override
            NDArray in(NDArray y) {
                return y.add(y.getManager().create(0.5f));
            }
        },
        NO_NUMBERS {
            @Override
            NDArray in(NDArray y) {
                return y.mul(y.getManager().create(Float.NaN));
            }
        },
        GRADIENT_ONLY {
            @Override
            NDArray in(NDArray y) {
                return y.mul(y.getManager().create(2f)).sub(y.stopGradient());
            }
        };

        abstract NDArray in(NDArray y);
    }

    /** A convolution whose 1×1 kernels have the fault. */
    private record Planted(Fault fault) implements Convolution {
        @Override
        public NDArray apply(NDArray x, NDArray kernel, @Nullable NDArray bias, int stride, int padding) {
            NDArray y = USUAL.apply(x, kernel, bias, stride, padding);
            return kernel.getShape().get(2) == 1 ? fault.in(y) : y;
        }

        @Override
        public String words() {
            return "";
        }
    }

    @ParameterizedTest
    @EnumSource(Fault.class)
    void firstRight_wrongKernelForPoints_isFoundAndTheOtherWayTaken(Fault fault) {
        Torch torch = TestEncoders.torch().with(new Planted(fault));
        Outcome outcome = SelfTest.firstRight(torch, RESNET20, Use.TRAINING);
        assertThat(outcome.way()).contains(Convolution.MATRIX_FOR_POINTS);
        assertThat(outcome.failures())
                .singleElement()
                .asString()
                .startsWith("as usual: 1×1 convolution of [8, 16, 16, 16]");
        assertThat(SelfTest.passed(torch, RESNET20, Use.TRAINING).convolution())
                .isSameAs(Convolution.MATRIX_FOR_POINTS);
        assertThat(SelfTest.passed(torch, RESNET20, Use.TRAINING).description())
                .endsWith(", 1×1 convolutions as matrix products");
        assertThat(SelfTest.unusual())
                .anyMatch(line -> line.startsWith(
                        "resnet20 at 16×16×3 is computed with 1×1 convolutions as matrix products, which passes"));
    }

    @ParameterizedTest
    @EnumSource(Fault.class)
    void problem_wrongKernelInBf16_isFound(Fault fault) {
        Torch torch = TestEncoders.torch().with(new Planted(fault)).with(Precision.BF16);
        assertThat(SelfTest.problem(torch, RESNET20, Use.TRAINING))
                .hasValueSatisfying(line -> assertThat(line).startsWith("1×1 convolution of [8, 16, 16, 16]"));
    }

    /**
     * A fault that the checks of single convolutions do not meet: only of the batch whose gradient is compared, or only at a repetition. The
     * kernels are right otherwise, which oneDNN's 1×1 kernels are not everywhere.
     */
    private record Elusive(int batch, Map<Shape, Integer> calls) implements Convolution {
        @Override
        public NDArray apply(NDArray x, NDArray kernel, @Nullable NDArray bias, int stride, int padding) {
            NDArray y = MATRIX_FOR_POINTS.apply(x, kernel, bias, stride, padding);
            boolean repeated = calls.merge(kernel.getShape(), 1, Integer::sum) > 2;
            boolean wrong = x.getShape().get(0) == batch && kernel.getShape().get(2) == 1 && (batch == 4 || repeated);
            return wrong ? Fault.LAST_IMAGE_OF_A_BATCH.in(y) : y;
        }

        @Override
        public String words() {
            return "";
        }
    }

    @ParameterizedTest
    @CsvSource({"8, feature, in a batch of 8 is", "4, the gradient of parameter tensor, from a batch of 4 is"})
    void problem_wrongKernelThatNoSingleConvolutionShows_isFoundByTheBatch(int batch, String begin, String part) {
        EncoderConfig resnet50 = TestEncoders.encoder("resnet50", "imagenet", 16, 3); // has 1×1 kernels of equal shapes
        Torch torch = TestEncoders.torch().with(new Elusive(batch, new HashMap<>()));
        assertThat(SelfTest.problem(torch, resnet50, Use.TRAINING))
                .hasValueSatisfying(line -> assertThat(line).startsWith(begin).contains(part));
    }

    @Test
    void firstRight_rightKernels_asUsual() {
        Torch usual =
                TestEncoders.torch().with(Convolution.USUAL); // of ResNet-20 right on every machine that was tried
        Outcome outcome = SelfTest.firstRight(usual, RESNET20, Use.TRAINING);
        assertThat(outcome.way()).contains(Convolution.USUAL);
        assertThat(outcome.failures()).isEmpty();
    }

    @Test
    void refusal_noWayRight_saysWhatWasComparedAndWhatToDo() {
        Convolution wrong = new Planted(Fault.EVERYWHERE_THE_SAME);
        Outcome outcome = SelfTest.firstRight(TestEncoders.torch(), RESNET20, Use.EMBEDDING, List.of(wrong));
        assertThat(outcome.way()).isEmpty();
        assertThatThrownBy(() -> {
                    throw SelfTest.refusal(TestEncoders.torch(), RESNET20, outcome.failures());
                })
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith(
                        "this machine computes resnet20 at 16×16×3 wrongly, so nothing is trained or embedded")
                .hasMessageContaining("stride 2: the output at [")
                .hasMessageContaining("in plain Java")
                .hasMessageContaining("Start again with ONEDNN_MAX_CPU_ISA=SSE41");
    }

    // as after kill -9 in the middle: a process of its own finds nothing, and the record is clean again
    @Test
    void firstRight_processDiedInTheMiddle_isTriedByAnotherProcessFirst() throws IOException {
        Path record = Files.writeString(folder.resolve("self-test.lock"), "process 7 tries");
        Torch torch = Torch.start(TestEncoders.config("run.data=" + folder).run());
        try (DeathRecord deaths = DeathRecord.open(folder)) {
            assertThat(deaths.any()).isTrue();
            assertThat(Probe.problem(torch, RESNET20, Use.EMBEDDING, deaths)).isEmpty();
        }
        assertThat(record).isEmptyFile();
        assertThat(SelfTest.firstRight(torch, RESNET20, Use.EMBEDDING).way()).contains(Convolution.USUAL);
        assertThat(record).isEmptyFile();
    }

    @Test
    void confirm_kernelThatEndsTheProcess_isRememberedForTheNextStarts() {
        try (DeathRecord first = DeathRecord.open(folder)) {
            assertThat(first.any()).isFalse();
            first.confirm("a process that tried it died");
        }
        for (int start = 0; start < 2; start++) {
            try (DeathRecord next = DeathRecord.open(folder)) {
                assertThat(next.any()).isEqualTo(start == 0);
            }
        }
    }
}
