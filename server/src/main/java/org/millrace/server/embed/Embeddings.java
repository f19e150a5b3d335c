package org.millrace.server.embed;

import static org.millrace.contract.Check.check;

import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.IntStream;

/**
 * Some images embedded by one encoder, in order.
 *
 * @param version of the encoder
 * @param space version in whose space the features are, where they are mapped to one
 * @param dimension D of a feature vector
 */
public record Embeddings(long version, OptionalLong space, int dimension, List<Row> rows) {
    public Embeddings {
        rows = List.copyOf(rows);
        check(!rows.isEmpty(), "embeddings must be of at least one image");
    }

    /** N×D; only where every image was embedded. */
    public List<float[]> features() {
        return rows.stream().map(row -> ((Features) row).values()).toList();
    }

    /** D of the first of the rows that has features; empty where none has. */
    static OptionalInt dimension(List<Row> rows) {
        return rows.stream()
                .flatMapToInt(row ->
                        row instanceof Features features ? IntStream.of(features.values().length) : IntStream.empty())
                .findFirst();
    }

    /** The result for one image. */
    public sealed interface Row {}

    /** The image's D features. */
    @SuppressWarnings("ArrayRecordComponent")
    public record Features(float[] values) implements Row {}

    /** No features: the image cannot be decoded. */
    public record Undecodable(String reason) implements Row {}
}
