package org.millrace.evaluator.protocol;

/** Follows a benchmark, on its thread. An exception that it throws ends the benchmark. */
public interface BenchmarkProgress {
    /** A task begins, which will handle {@code examples} examples. */
    void begin(String task, long examples);

    /** {@code done} of the task's examples have been handled; the remark may be empty. */
    void update(long done, String remark);
}
