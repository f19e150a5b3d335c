package org.millrace.contract.weights;

import static org.millrace.contract.Check.check;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Low-rank adapters (LoRA, Hu et al. 2022, arXiv:2106.09685, section 4.1): beside a linear layer's frozen W of O×I stand A of r×I and B of
 * O×r, and the layer is W + sB·A with the scale s = α / r. B begins at zero. Names are peft's, without its {@code .weight}.
 *
 * <p>A file of what was learned has the adapters, the other tensors that changed, and in its metadata the scale; {@link #merged} makes the whole
 * network of it and the file of which it began.
 */
public final class LowRank {
    /** Behind a layer's name: A. */
    public static final String DOWN = ".lora_A";

    /** Behind a layer's name: B. */
    public static final String UP = ".lora_B";

    /** Where a file of what was learned has the scale s. */
    public static final String SCALE = "lora.scale";

    private static final String WEIGHT = ".weight";

    private LowRank() {}

    /** Whether a tensor belongs to an adapter. */
    public static boolean isAdapter(String tensor) {
        return tensor.endsWith(DOWN) || tensor.endsWith(UP);
    }

    /** The layer whose weight that is. */
    public static Optional<String> layerOf(String tensor) {
        return tensor.endsWith(WEIGHT)
                ? Optional.of(tensor.substring(0, tensor.length() - WEIGHT.length()))
                : Optional.empty();
    }

    /**
     * The whole network: its tensors as it began, those that were learned in their place, adapters added to their layers.
     *
     * @param base every tensor of the network as it began
     * @param learned what has changed since, with the scale in its metadata where there are adapters
     * @throws IllegalArgumentException where the two do not fit
     */
    public static Safetensors merged(Safetensors base, Safetensors learned) {
        Map<String, String> metadata = learned.metadata();
        Set<String> unknown = new HashSet<>(learned.names());
        Safetensors.Builder whole = new Safetensors.Builder();
        for (String name : base.names()) {
            long[] shape = base.shape(name);
            String layer = layerOf(name).orElse(name);
            float[] values;
            if (learned.names().contains(name)) {
                values = learned.tensor(name, shape);
            } else if (learned.names().contains(layer + DOWN)) {
                values = adapted(base, learned, name, layer, Float.parseFloat(metadata.getOrDefault(SCALE, "1")));
            } else {
                values = base.tensor(name, shape);
            }
            whole.add(name, shape, values);
            unknown.removeAll(Set.of(name, layer + DOWN, layer + UP));
        }
        check(unknown.isEmpty(), "the network that was begun with has no place for %s", unknown);
        return whole.build();
    }

    // W + sB·A, summed in float64 and rounded once
    private static float[] adapted(Safetensors base, Safetensors learned, String name, String layer, float scale) {
        long[] shape = base.shape(name);
        int outputs = Math.toIntExact(shape[0]);
        int inputs = Math.toIntExact(shape[1]);
        int rank = Math.toIntExact(learned.shape(layer + DOWN)[0]);
        float[] values = base.tensor(name, shape).clone();
        float[] down = learned.tensor(layer + DOWN, rank, inputs);
        float[] up = learned.tensor(layer + UP, outputs, rank);
        double[] row = new double[inputs];
        for (int output = 0; output < outputs; output++) {
            Arrays.fill(row, 0);
            for (int r = 0; r < rank; r++) {
                double factor = (double) scale * up[output * rank + r];
                for (int input = 0; input < inputs; input++) {
                    row[input] += factor * down[r * inputs + input];
                }
            }
            for (int input = 0; input < inputs; input++) {
                int at = output * inputs + input;
                values[at] = row[input] == 0 ? values[at] : (float) (values[at] + row[input]); // −0 stays as it is
            }
        }
        return values;
    }
}
