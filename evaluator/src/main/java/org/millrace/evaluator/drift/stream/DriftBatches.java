package org.millrace.evaluator.drift.stream;

import java.util.List;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import org.millrace.numerics.FeatureMatrix;

/** Records of the topic {@code <run>.statistics}, for callers that have features already. */
public final class DriftBatches {
    private DriftBatches() {}

    /** A batch of encoder 0's features, N×D, each image with a rank of its own. */
    public static byte[] of(FeatureMatrix features, LongSupplier ranks) {
        int columns = features.columns();
        List<SampledRows.Row> rows = IntStream.range(0, features.rows())
                .mapToObj(row -> {
                    float[] values = new float[columns];
                    for (int j = 0; j < columns; j++) {
                        values[j] = (float) features.values()[row * columns + j];
                    }
                    return new SampledRows.Row(ranks.getAsLong(), values);
                })
                .toList();
        return new SampledRows(0, -1, rows.size(), rows.size(), rows).toBytes();
    }
}
