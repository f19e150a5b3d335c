package org.millrace.encoder.selftest;

/**
 * Single values of a convolution and of its gradients, as loops in double precision: slow, and plain enough to be checked by reading.
 * Maps are square or not, kernels square. Immutable.
 */
record PlainConvolution(int inputs, int height, int width, int outputs, int size, int stride, int padding) {
    /** A sum of products, and the sum of their magnitudes, to which rounding errors are in proportion. */
    record Sum(double value, double magnitude) {}

    int outputHeight() {
        return (height + 2 * padding - size) / stride + 1;
    }

    int outputWidth() {
        return (width + 2 * padding - size) / stride + 1;
    }

    /** y[output, row, column] of one image x, C×H×W. kernel: C'×C×K×K. */
    Sum output(float[] x, float[] kernel, int output, int row, int column) {
        double value = 0;
        double magnitude = 0;
        for (int input = 0; input < inputs; input++) {
            for (int down = 0; down < size; down++) {
                for (int right = 0; right < size; right++) {
                    int h = row * stride + down - padding;
                    int w = column * stride + right - padding;
                    if (h >= 0 && h < height && w >= 0 && w < width) {
                        double product =
                                (double) kernel[tap(output, input, down, right)] * x[(input * height + h) * width + w];
                        value += product;
                        magnitude += Math.abs(product);
                    }
                }
            }
        }
        return new Sum(value, magnitude);
    }

    /** The gradient of x[input, h, w] of one image, from that of its y: dy, C'×H'×W'. */
    Sum inputGradient(float[] dy, float[] kernel, int input, int h, int w) {
        double value = 0;
        double magnitude = 0;
        for (int output = 0; output < outputs; output++) {
            for (int down = 0; down < size; down++) {
                for (int right = 0; right < size; right++) {
                    int row = h + padding - down;
                    int column = w + padding - right;
                    if (row >= 0
                            && column >= 0
                            && row % stride == 0
                            && column % stride == 0
                            && row / stride < outputHeight()
                            && column / stride < outputWidth()) {
                        int at = (output * outputHeight() + row / stride) * outputWidth() + column / stride;
                        double product = (double) kernel[tap(output, input, down, right)] * dy[at];
                        value += product;
                        magnitude += Math.abs(product);
                    }
                }
            }
        }
        return new Sum(value, magnitude);
    }

    /** The gradient of kernel[·, ·, down, right] from its input channel of all images, N×H×W, and its output channel's gradient, N×H'×W'. */
    Sum kernelGradient(float[] x, float[] dy, int down, int right) {
        double value = 0;
        double magnitude = 0;
        int plane = outputHeight() * outputWidth();
        for (int at = 0; at < dy.length; at++) {
            int h = at % plane / outputWidth() * stride + down - padding;
            int w = at % outputWidth() * stride + right - padding;
            if (h >= 0 && h < height && w >= 0 && w < width) {
                double product = (double) dy[at] * x[(at / plane * height + h) * width + w];
                value += product;
                magnitude += Math.abs(product);
            }
        }
        return new Sum(value, magnitude);
    }

    /** Where that value of the kernel lies in C'×C×K×K. */
    int tap(int output, int input, int down, int right) {
        return ((output * inputs + input) * size + down) * size + right;
    }
}
