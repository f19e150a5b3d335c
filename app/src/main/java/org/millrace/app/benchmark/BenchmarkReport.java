package org.millrace.app.benchmark;

import java.util.List;
import org.millrace.evaluator.protocol.ProtocolScore;

/**
 * The result of a benchmark as written to a file: encoder, images, engine and scores.
 *
 * @param source where encoder and images came from, in words
 * @param version of the encoder: the step after which it was taken
 * @param engine library, device and threads that computed the scores
 */
public record BenchmarkReport(
        int schema,
        String run,
        String source,
        long version,
        long imagesTrained,
        String architecture,
        int classes,
        int trainImages,
        int testImages,
        String engine,
        List<ProtocolScore> scores) {
    public static final int SCHEMA = 1;
}
