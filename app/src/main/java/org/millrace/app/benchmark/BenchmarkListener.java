package org.millrace.app.benchmark;

import org.millrace.evaluator.protocol.BenchmarkProgress;
import org.millrace.evaluator.protocol.ProtocolScore;

/** Hears what an examination does, on its thread. What it throws ends the examination. */
public interface BenchmarkListener extends BenchmarkProgress {
    /** Encoder and images are there; the report has no scores yet. */
    void begins(BenchmarkReport report);

    void scored(ProtocolScore score);

    /** Something that the user should know, in a sentence. */
    void remark(String sentence);
}
