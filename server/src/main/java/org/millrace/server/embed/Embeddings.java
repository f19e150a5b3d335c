package org.millrace.server.embed;

import static org.millrace.contract.Check.check;

import java.util.List;

/**
 * What one encoder made of some images, in their order.
 *
 * @param version of the encoder
 * @param dimension D of a feature vector
 */
public record Embeddings(long version, int dimension, List<Row> rows) {
    public Embeddings {
        rows = List.copyOf(rows);
        check(!rows.isEmpty(), "embeddings must be of at least one image");
    }

    /** N×D; only of embeddings that all succeeded. */
    public List<float[]> features() {
        return rows.stream().map(row -> ((Features) row).values()).toList();
    }

    /** What was made of one image. */
    public sealed interface Row {}

    /** Its D features. */
    @SuppressWarnings("ArrayRecordComponent")
    public record Features(float[] values) implements Row {}

    /** Nothing, because it cannot be decoded. */
    public record Undecodable(String reason) implements Row {}
}
