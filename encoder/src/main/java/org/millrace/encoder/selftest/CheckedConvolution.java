package org.millrace.encoder.selftest;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.config.Precision;
import org.millrace.encoder.precision.ForwardPass;
import org.millrace.encoder.selftest.PlainConvolution.Sum;
import org.millrace.encoder.tensor.Convolution;
import org.millrace.encoder.tensor.Gradients;
import org.millrace.encoder.tensor.Torch;

/**
 * A convolution that is compared with plain Java on the way: each shape that a network has, the first time that it comes, on the
 * network's own input, with a kernel of its own; a few outputs, a few values of each gradient. Throws {@link WrongNumberException}. Not
 * thread safe.
 */
final class CheckedConvolution implements Convolution {
    private static final int POINTS = 6;

    private final Torch torch;
    private final Precision precision;
    private final ForwardPass pass;
    private final Convolution convolution;
    private final boolean gradients;
    private final double tolerance;
    private final Set<String> seen = new HashSet<>();
    private final SplittableRandom random = new SplittableRandom(2);

    /** @param tolerance of a sum, in parts of the sum of its products' magnitudes */
    CheckedConvolution(Torch torch, ForwardPass pass, boolean gradients, double tolerance) {
        this.torch = torch;
        this.precision = torch.precision();
        this.pass = pass;
        this.convolution = torch.convolution();
        this.gradients = gradients;
        this.tolerance = tolerance;
    }

    @Override
    public NDArray apply(NDArray x, NDArray kernel, @Nullable NDArray bias, int stride, int padding) {
        Shape shape = kernel.getShape();
        String words = String.format(
                Locale.ROOT,
                "%1$d×%1$d convolution of %2$s to %3$d channels, stride %4$d",
                shape.get(2),
                Arrays.toString(x.getShape().getShape()),
                shape.get(0),
                stride);
        if (seen.add(words)) {
            try (NDManager scope = torch.newManager()) {
                new Check(words, scope, x, shape, stride, padding).run();
            }
        }
        return convolution.apply(x, kernel, bias, stride, padding);
    }

    @Override
    public String words() {
        return convolution.words();
    }

    /** One shape's check. */
    private final class Check {
        private final String words;
        private final PlainConvolution plain;
        private final int images;
        private final float[] kernelValues;
        private final NDArray x; // N×C×H×W
        private final NDArray kernel; // C'×C×K×K
        private final NDArray y; // N×C'×H'×W'
        private final NDArray dy; // the same

        Check(String words, NDManager scope, NDArray input, Shape kernelShape, int stride, int padding) {
            this.words = words;
            Shape shape = input.getShape();
            this.images = (int) shape.get(0);
            this.plain = new PlainConvolution(
                    (int) shape.get(1),
                    (int) shape.get(2),
                    (int) shape.get(3),
                    (int) kernelShape.get(0),
                    (int) kernelShape.get(2),
                    stride,
                    padding);
            this.x = precision.isHalf() ? pass.inFloat32(input) : input.duplicate();
            x.attach(scope);
            this.kernelValues = TestValues.kernel(random, kernelShape, precision);
            this.kernel = scope.create(kernelValues, kernelShape);
            x.setRequiresGradient(gradients);
            kernel.setRequiresGradient(gradients);
            int height = plain.outputHeight();
            int width = plain.outputWidth();
            this.dy = scope.create(
                            TestValues.of(random, images * height * width * plain.outputs(), precision),
                            new Shape(images, height, width, plain.outputs()))
                    .transpose(0, 3, 1, 2); // its channels lie together, as the network's do
            this.y = gradients
                    ? Gradients.recorded(() -> differentiated(stride, padding))
                    : Gradients.unrecorded(() -> convolved(stride, padding));
        }

        private NDArray differentiated(int stride, int padding) {
            NDArray result = convolved(stride, padding);
            JniUtils.backward((PtNDArray) result, (PtNDArray) dy, false, false);
            return result;
        }

        private NDArray convolved(int stride, int padding) {
            return pass.of(() -> convolution.apply(x, kernel, null, stride, padding));
        }

        void run() {
            outputs();
            if (gradients) {
                inputGradients();
                kernelGradients();
            }
        }

        private void outputs() {
            for (int point = 0; point < POINTS; point++) {
                int image = point(point, images);
                int output = point(point, plain.outputs());
                int row = point(point, plain.outputHeight());
                int column = point(point, plain.outputWidth());
                float[] got = part(y, image + "");
                Sum want = plain.output(part(x, image + ""), kernelValues, output, row, column);
                int at = (output * plain.outputHeight() + row) * plain.outputWidth() + column;
                compare("output", got[at], want, image, output, row, column);
            }
        }

        private void inputGradients() {
            try (NDArray gradient = x.getGradient()) {
                for (int point = 0; point < POINTS; point++) {
                    int image = point(point, images);
                    int input = point(point, plain.inputs());
                    int row = point(point, plain.height());
                    int column = point(point, plain.width());
                    Sum want = plain.inputGradient(part(dy, image + ""), kernelValues, input, row, column);
                    int at = (input * plain.height() + row) * plain.width() + column;
                    compare("gradient of the input", part(gradient, image + "")[at], want, image, input, row, column);
                }
            }
        }

        private void kernelGradients() {
            try (NDArray gradient = kernel.getGradient()) {
                float[] got = gradient.toFloatArray();
                for (int point = 0; point < POINTS; point++) {
                    int output = point(point, plain.outputs());
                    int input = point(point, plain.inputs());
                    int down = point(point, plain.size());
                    int right = point(point, plain.size());
                    Sum want = plain.kernelGradient(part(x, ":, " + input), part(dy, ":, " + output), down, right);
                    int at = plain.tap(output, input, down, right);
                    compare("gradient of the kernel", got[at], want, output, input, down, right);
                }
            }
        }

        private void compare(String what, float got, Sum want, int... position) {
            if (!(Math.abs(got - want.value()) <= tolerance * want.magnitude() + Float.MIN_NORMAL)) {
                throw new WrongNumberException(String.format(
                        Locale.ROOT,
                        "%s: the %s at %s is %.6g, and %.6g in plain Java",
                        words,
                        what,
                        Arrays.toString(position),
                        got,
                        want.value()));
            }
        }

        // the first, the last, then any
        private int point(int point, int size) {
            return point == 0 ? 0 : point == 1 ? size - 1 : random.nextInt(size);
        }

        private static float[] part(NDArray tensor, String index) {
            try (NDArray part = tensor.get(index)) {
                return part.toFloatArray();
            }
        }
    }
}
