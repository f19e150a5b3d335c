package org.millrace.encoder.selftest;

import java.util.Map;
import org.millrace.encoder.network.TransformerBlock;
import org.millrace.encoder.network.VisionTransformer;

/**
 * A transformer's block in plain loops of doubles, for a few tokens of one image. Immutable.
 *
 * @param values of the block's tensors, by name without the block's
 */
record PlainBlock(TransformerBlock block, Map<String, double[]> values) {
    // Abramowitz and Stegun 7.1.5: the series of erf, exact to the last bits where |x| < 3
    private static final int TERMS = 60;
    private static final double FAR = 4; // from where on erf is 1 to 2e-8

    /** tokens: T rows of D → D values of each of the tokens at {@code rows}. */
    double[][] forward(double[][] tokens, int... rows) {
        double[][] normalised = new double[tokens.length][];
        double[][] keys = new double[tokens.length][];
        double[][] mixable = new double[tokens.length][];
        int width = block.width();
        for (int t = 0; t < tokens.length; t++) {
            normalised[t] = norm(tokens[t], "norm1");
            keys[t] = linear(normalised[t], "attn.qkv", width, 2 * width);
            mixable[t] = linear(normalised[t], "attn.qkv", 2 * width, 3 * width);
        }
        double[][] outputs = new double[rows.length][];
        for (int i = 0; i < rows.length; i++) {
            double[] query = linear(normalised[rows[i]], "attn.qkv", 0, width);
            double[] attended = linear(attention(query, keys, mixable), "attn.proj", 0, width);
            double[] x = sum(tokens[rows[i]], attended, "ls1.gamma");
            double[] hidden = linear(norm(x, "norm2"), "mlp.fc1", 0, block.hidden());
            for (int j = 0; j < hidden.length; j++) {
                hidden[j] = 0.5 * hidden[j] * (1 + erf(hidden[j] * Math.sqrt(0.5)));
            }
            outputs[i] = sum(x, linear(hidden, "mlp.fc2", 0, width), "ls2.gamma");
        }
        return outputs;
    }

    private double[] attention(double[] query, double[][] keys, double[][] mixable) {
        int size = block.width() / block.heads();
        double[] mixed = new double[block.width()];
        double[] scores = new double[keys.length];
        for (int head = 0; head < block.heads(); head++) {
            double largest = Double.NEGATIVE_INFINITY;
            for (int t = 0; t < keys.length; t++) {
                scores[t] = 0;
                for (int i = head * size; i < (head + 1) * size; i++) {
                    scores[t] += query[i] * keys[t][i];
                }
                scores[t] /= Math.sqrt(size);
                largest = Math.max(largest, scores[t]);
            }
            double all = 0;
            for (int t = 0; t < keys.length; t++) {
                scores[t] = Math.exp(scores[t] - largest);
                all += scores[t];
            }
            for (int t = 0; t < keys.length; t++) {
                for (int i = head * size; i < (head + 1) * size; i++) {
                    mixed[i] += scores[t] / all * mixable[t][i];
                }
            }
        }
        return mixed;
    }

    // outputs from to end of a layer
    private double[] linear(double[] x, String layer, int from, int end) {
        double[] weight = value(layer + ".weight");
        double[] bias = value(layer + ".bias");
        double[] y = new double[end - from];
        for (int output = from; output < end; output++) {
            double sum = bias[output];
            for (int input = 0; input < x.length; input++) {
                sum += weight[output * x.length + input] * x[input];
            }
            y[output - from] = sum;
        }
        return y;
    }

    private double[] norm(double[] x, String layer) {
        double mean = 0;
        for (double value : x) {
            mean += value / x.length;
        }
        double variance = 0;
        for (double value : x) {
            variance += (value - mean) * (value - mean) / x.length;
        }
        double[] y = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            y[i] = (x[i] - mean) / Math.sqrt(variance + VisionTransformer.EPSILON) * value(layer + ".weight")[i]
                    + value(layer + ".bias")[i];
        }
        return y;
    }

    private double[] sum(double[] x, double[] residual, String factors) {
        double[] y = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            y[i] = x[i] + (block.scaled() ? value(factors)[i] : 1) * residual[i];
        }
        return y;
    }

    private double[] value(String name) {
        double[] found = values.get(name);
        if (found == null) {
            throw new IllegalArgumentException("the block has no tensor " + name);
        }
        return found;
    }

    private static double erf(double x) {
        if (Math.abs(x) > FAR) {
            return Math.signum(x);
        }
        double sum = 0;
        double term = x; // (−1)ⁿ x²ⁿ⁺¹ / n!
        for (int n = 0; n < TERMS; n++) {
            sum += term / (2 * n + 1);
            term *= -x * x / (n + 1);
        }
        return 2 / Math.sqrt(Math.PI) * sum;
    }
}
