package org.millrace.bench;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.millrace.numerics.AffineMap;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Time of one query through an adapter, alone and among 32: the bar is 10 µs at 512 features, on one idle core.
 *
 * <pre>bench/run jmh AdapterBenchmark</pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class AdapterBenchmark {
    private static final int QUERIES = 32;

    /** D. */
    @Param({"64", "512", "2048"})
    public int features;

    private AffineMap map = new AffineMap(1, 1, new float[1], new float[1]);
    private float[] query = new float[1];
    private float[] queries = new float[QUERIES];

    /** Random numbers of one seed. */
    @Setup
    public void make() {
        Random random = new Random(1);
        float[] weights = new float[features * features];
        query = new float[features];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = (float) random.nextGaussian();
        }
        for (int i = 0; i < features; i++) {
            query[i] = (float) random.nextGaussian();
        }
        queries = new float[QUERIES * features];
        for (int i = 0; i < queries.length; i++) {
            queries[i] = query[i % features];
        }
        map = new AffineMap(features, features, weights, new float[features]);
    }

    /** One vector mapped. */
    @Benchmark
    public float[] apply() {
        return map.apply(query);
    }

    /** Several vectors mapped together, for each of them. */
    @Benchmark
    @OperationsPerInvocation(QUERIES)
    public float[] applyAll() {
        return map.applyAll(queries);
    }
}
