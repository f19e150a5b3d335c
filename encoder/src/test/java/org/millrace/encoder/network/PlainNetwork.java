package org.millrace.encoder.network;

import org.millrace.contract.weights.Safetensors;

/** AMDIM's layers as loops over one image, in double precision: slow, and plain enough to be checked by reading. */
record PlainNetwork(Safetensors weights) {
    PlainMap stem(float[] image, int channels, int side) {
        var x = new PlainMap(channels, side);
        for (int i = 0; i < image.length; i++) {
            x.values()[i] = image[i];
        }
        int outputs = 4;
        PlainMap y = convolution("conv.weight", x, outputs, 3, 1);
        float[] bias = weights.tensor("conv.bias", outputs);
        for (int i = 0; i < y.values().length; i++) {
            y.values()[i] += bias[i / (y.side() * y.side())];
        }
        return relu(y);
    }

    PlainMap block(String prefix, PlainMap input, int outputs, int size, int stride, int layers) {
        PlainMap x = input;
        for (int layer = 0; layer < layers; layer++) {
            int kernel = layer == 0 ? size : 1;
            int step = layer == 0 ? stride : 1;
            PlainMap hidden = relu(convolution(prefix + layer + ".conv1.weight", x, outputs, kernel, step));
            PlainMap y = convolution(prefix + layer + ".conv2.weight", hidden, outputs, 1, 1);
            for (int channel = 0; channel < x.channels(); channel++) { // the base of further channels is zero
                for (int row = 0; row < y.side(); row++) {
                    for (int column = 0; column < y.side(); column++) {
                        double mean = mean(x, channel, row * step, column * step, kernel);
                        y.put(channel, row, column, y.at(channel, row, column) + mean);
                    }
                }
            }
            x = y;
        }
        return x;
    }

    PlainMap head(String prefix, PlainMap x, int outputs) {
        PlainMap hidden = relu(convolution(prefix + "conv1.weight", x, outputs, 1, 1));
        PlainMap y = convolution(prefix + "conv2.weight", hidden, outputs, 1, 1);
        PlainMap shortcut = convolution(prefix + "shortcut.weight", x, outputs, 1, 1);
        for (int i = 0; i < y.values().length; i++) {
            y.values()[i] += shortcut.values()[i];
        }
        return batchNorm(prefix + "bn", y);
    }

    PlainMap batchNorm(String name, PlainMap x) {
        int channels = x.channels();
        float[] mean = weights.tensor(name + ".running_mean", channels);
        float[] variance = weights.tensor(name + ".running_var", channels);
        float[] scale = weights.tensor(name + ".weight", channels);
        float[] shift = weights.tensor(name + ".bias", channels);
        var y = new PlainMap(channels, x.side());
        for (int i = 0; i < x.values().length; i++) {
            int c = i / (x.side() * x.side());
            y.values()[i] = (x.values()[i] - mean[c]) / Math.sqrt(variance[c] + 1e-5) * scale[c] + shift[c];
        }
        return y;
    }

    private PlainMap convolution(String name, PlainMap x, int outputs, int size, int stride) {
        float[] kernel = weights.tensor(name, outputs, x.channels(), size, size);
        var y = new PlainMap(outputs, (x.side() - size) / stride + 1);
        for (int output = 0; output < outputs; output++) {
            for (int row = 0; row < y.side(); row++) {
                for (int column = 0; column < y.side(); column++) {
                    double sum = 0;
                    for (int tap = 0; tap < x.channels() * size * size; tap++) {
                        int input = tap / (size * size);
                        int down = tap / size % size;
                        int right = tap % size;
                        sum += kernel[output * x.channels() * size * size + tap]
                                * x.at(input, row * stride + down, column * stride + right);
                    }
                    y.put(output, row, column, sum);
                }
            }
        }
        return y;
    }

    private static double mean(PlainMap x, int channel, int top, int left, int size) {
        double sum = 0;
        for (int row = top; row < top + size; row++) {
            for (int column = left; column < left + size; column++) {
                sum += x.at(channel, row, column);
            }
        }
        return sum / (size * size);
    }

    private static PlainMap relu(PlainMap x) {
        var y = new PlainMap(x.channels(), x.side());
        for (int i = 0; i < x.values().length; i++) {
            y.values()[i] = Math.max(0, x.values()[i]);
        }
        return y;
    }
}
