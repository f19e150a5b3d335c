package org.millrace.trainer.rounds;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.millrace.contract.weights.Safetensors;

/**
 * The tensors of a network one behind the other, in the order of its file: the parameters, and batch norm's running statistics.
 *
 * @param parameters of all tensors that gradients reach
 * @param means running means of all batch norms
 * @param variances running variances, at the same places
 */
@SuppressWarnings("ArrayRecordComponent") // numbers in bulk, never compared as a value
record FlatWeights(float[] parameters, float[] means, float[] variances) {
    private static final String MEAN = ".running_mean";
    private static final String VARIANCE = ".running_var";

    static FlatWeights of(Safetensors file) {
        return new FlatWeights(values(file, ""), values(file, MEAN), values(file, VARIANCE));
    }

    /** These numbers under the names and shapes of a file. */
    Safetensors like(Safetensors file) {
        Map<String, float[]> rows = Map.of("", parameters, MEAN, means, VARIANCE, variances);
        Map<String, Integer> places = new LinkedHashMap<>();
        Safetensors.Builder built = new Safetensors.Builder();
        for (String name : file.names()) {
            String kind = kind(name);
            int from = places.getOrDefault(kind, 0);
            int to = from + size(file, name);
            built.add(name, file.shape(name), Arrays.copyOfRange(rows.get(kind), from, to));
            places.put(kind, to);
        }
        return built.build();
    }

    /** Running statistics in one row: means, then variances. */
    float[] statistics() {
        float[] both = Arrays.copyOf(means, means.length + variances.length);
        System.arraycopy(variances, 0, both, means.length, variances.length);
        return both;
    }

    private static float[] values(Safetensors file, String wanted) {
        int length = file.names().stream()
                .filter(name -> kind(name).equals(wanted))
                .mapToInt(name -> size(file, name))
                .sum();
        float[] all = new float[length];
        int at = 0;
        for (String name : file.names()) {
            if (kind(name).equals(wanted)) {
                float[] values = file.tensor(name, file.shape(name));
                System.arraycopy(values, 0, all, at, values.length);
                at += values.length;
            }
        }
        return all;
    }

    private static String kind(String name) {
        return name.endsWith(MEAN) ? MEAN : name.endsWith(VARIANCE) ? VARIANCE : "";
    }

    private static int size(Safetensors file, String name) {
        return Math.toIntExact(Arrays.stream(file.shape(name)).reduce(1, (a, b) -> a * b));
    }
}
