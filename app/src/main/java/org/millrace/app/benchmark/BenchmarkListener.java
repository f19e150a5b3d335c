package org.millrace.app.benchmark;

import org.millrace.evaluator.protocol.BenchmarkProgress;
import org.millrace.evaluator.protocol.ProtocolScore;

/** Receives the progress and results of a benchmark, on its thread. An exception from a method ends the benchmark. */
public interface BenchmarkListener extends BenchmarkProgress {
    /** Encoder and images have been read; the report has no scores yet. */
    void begins(BenchmarkReport report);

    void scored(ProtocolScore score);

    /** A remark for the user, one sentence. */
    void remark(String sentence);
}
