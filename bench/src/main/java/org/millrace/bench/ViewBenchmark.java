package org.millrace.bench;

import java.nio.FloatBuffer;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.config.AugmentConfig.View;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.encoder.image.Pixels;
import org.millrace.trainer.view.ViewMaker;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Views per second on one thread: {@code bench/run jmh ViewBenchmark}. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 3, time = 2)
@Fork(1)
public class ViewBenchmark {
    /** Side of the source image and of the view, in pixels. */
    @Param({"32", "224"})
    public int side;

    private Pixels image = new Pixels(1, 1, 1, new byte[1]);
    private ViewMaker maker = maker(32);
    private FloatBuffer view = FloatBuffer.allocate(1);
    private long index;

    @Setup
    public void setUp() {
        byte[] values = new byte[3 * side * side];
        new Random(1).nextBytes(values);
        image = new Pixels(3, side, side, values);
        maker = maker(side);
        view = FloatBuffer.allocate(values.length);
    }

    @Benchmark
    public FloatBuffer view() {
        view.clear();
        maker.make(image, CounterRandom.of(1, 1, CounterRandom.Purpose.VIEW_ONE, index++), view);
        return view;
    }

    private static ViewMaker maker(int side) {
        MillraceConfig config = new ConfigLoader()
                .assignments(java.util.List.of("encoder.height=" + side, "encoder.width=" + side))
                .load();
        return new ViewMaker(config.encoder(), config.augment(), View.FIRST);
    }
}
