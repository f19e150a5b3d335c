package org.millrace.trainer.objective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.encoder.network.BatchNormMode;
import org.millrace.encoder.network.MultilayerPerceptron.Norm;
import org.millrace.encoder.tensor.Torch;
import org.millrace.trainer.TestRuns;

final class KeyNetworkTest {
    private static final long SEED = 17;
    private static final int BATCH = 32;
    private static final int DEVICES = 4;

    private final Torch torch = TestRuns.torch();
    private final NDManager manager = torch.newManager();

    @AfterEach
    void close() {
        manager.close();
    }

    /**
     * The leak that shuffling closes: with split batch norm a query and its key are normalised by the statistics of the same images,
     * so those statistics name the pair. Each image here has a level of its own, and what is compared is the mean level of the device
     * that an image's query met with that of the device that its key met.
     */
    @Test
    void apply_shuffled_queryAndKeyStatisticsAgreeByChanceOnly() {
        System.out.println("seed " + SEED);
        double split = correlationOfDeviceMeans(KeyOrder.of(config("split").trainer(), SEED));
        double shuffled = correlationOfDeviceMeans(KeyOrder.of(config("shuffle").trainer(), SEED));
        System.out.println("correlation of the statistics: split " + split + ", shuffled " + shuffled);
        assertThat(split).isCloseTo(1, within(1e-6));
        // an image meets itself again, and of its 7 companions 7·7/31 by chance, out of 8: all that independent orders
        // leave
        assertThat(shuffled).isCloseTo((1 + 49 / 31.0) / 8, within(0.04));
    }

    @Test
    void keys_split_areWhatTheQueryOfTheSameViewGives_shuffled_areNot() {
        float[] views = noise(1);
        assertThat(distanceFromQuery("split", views)).isLessThan(1e-5);
        assertThat(distanceFromQuery("shuffle", views)).isGreaterThan(1e-2);
    }

    /** The moving average is of parameters only; each network's batch-norm statistics are of what it saw itself. */
    @Test
    void follow_parametersMove_statisticsStay() {
        MillraceConfig config = config("ordinary");
        try (QueryNetwork query = new QueryNetwork(torch, branch(config), config);
                KeyNetwork key = new KeyNetwork(torch, branch(config), config, query)) {
            key.keys(views(noise(1)), 1, manager);
            query.project(views(noise(2)), query.weights().tensors(manager));
            query.weights().parameters().addi(1);
            float[] parameters = key.weights().parameters().toFloatArray();
            float[] statistics = key.weights().buffers().toFloatArray();
            key.follow(query, 0.9);
            assertThat(key.weights().parameters().toFloatArray()).isNotEqualTo(parameters);
            assertThat(key.weights().buffers().toFloatArray()).isEqualTo(statistics);
            assertThat(query.weights().buffers().toFloatArray()).isNotEqualTo(statistics);
        }
    }

    @Test
    void keys_overSeveralDevices_asOnOneWithTheSameSplit() {
        MillraceConfig one = config("shuffle");
        MillraceConfig several = config("shuffle", "trainer.key-devices=cpu,cpu,cpu,cpu");
        try (QueryNetwork query = new QueryNetwork(torch, branch(one), one);
                KeyNetwork alone = new KeyNetwork(torch, branch(one), one, query);
                KeyNetwork shared = new KeyNetwork(torch, branch(several), several, query)) {
            for (int step = 1; step <= 3; step++) {
                float[] wanted = alone.keys(views(noise(step)), step, manager).toFloatArray();
                float[] got = shared.keys(views(noise(step)), step, manager).toFloatArray();
                assertThat(got).hasSameSizeAs(wanted);
                for (int i = 0; i < wanted.length; i++) {
                    assertThat(got[i]).isCloseTo(wanted[i], within(1e-5f));
                }
            }
        }
    }

    @Test
    void keys_overSeveralDevices_keepTheFirstDevicesStatistics() {
        MillraceConfig several = config("shuffle", "trainer.key-devices=cpu,cpu,cpu,cpu");
        KeyOrder order = KeyOrder.of(several.trainer(), several.run().seed());
        try (QueryNetwork query = new QueryNetwork(torch, branch(several), several);
                KeyNetwork shared = new KeyNetwork(torch, branch(several), several, query);
                KeyNetwork first = new KeyNetwork(torch, branch(several), several, query)) {
            shared.keys(views(noise(1)), 1, manager);
            // the first device alone: its quarter of the shuffled batch
            order.apply(views(noise(1)), 1, rows -> {
                NDArray quarter = rows.get("0:" + BATCH / DEVICES);
                branch(several).forward(quarter, first.weights().tensors(manager), BatchNormMode.TRAINING);
                return rows;
            });
            float[] wanted = first.weights().buffers().toFloatArray();
            float[] got = shared.weights().buffers().toFloatArray();
            for (int i = 0; i < wanted.length; i++) {
                assertThat(got[i]).isCloseTo(wanted[i], within(1e-6f));
            }
        }
    }

    private double distanceFromQuery(String batchNorm, float[] views) {
        MillraceConfig config = config(batchNorm);
        try (QueryNetwork query = new QueryNetwork(torch, branch(config), config);
                KeyNetwork key = new KeyNetwork(torch, branch(config), config, query)) {
            float[] keys = key.keys(views(views), 1, manager).toFloatArray();
            float[] queries = InfoNce.unit(
                            query.project(views(views), query.weights().tensors(manager)))
                    .toFloatArray();
            double largest = 0;
            for (int i = 0; i < keys.length; i++) {
                largest = Math.max(largest, Math.abs(keys[i] - queries[i]));
            }
            return largest;
        }
    }

    private double correlationOfDeviceMeans(KeyOrder order) {
        KeyOrder queries = new KeyOrder(order.mode(), false, SEED);
        int steps = 200;
        double[] ofQuery = new double[steps * BATCH];
        double[] ofKey = new double[steps * BATCH];
        for (int step = 1; step <= steps; step++) {
            float[] levels = new float[BATCH];
            CounterRandom random = CounterRandom.of(SEED, step, CounterRandom.Purpose.SHUFFLE, 0);
            for (int i = 0; i < BATCH; i++) {
                levels[i] = (float) random.nextGaussian();
            }
            NDArray rows = manager.create(levels, new Shape(BATCH, 1));
            put(queries.apply(rows, step, x -> deviceMeans(x, order.mode())), ofQuery, step);
            put(order.apply(rows, step, x -> deviceMeans(x, order.mode())), ofKey, step);
        }
        return correlation(ofQuery, ofKey);
    }

    // each row's device's mean: what batch norm takes away from it
    private static NDArray deviceMeans(NDArray rows, BatchNormMode mode) {
        float[] x = rows.toFloatArray();
        int part = x.length / mode.devices();
        float[] means = new float[x.length];
        for (int i = 0; i < x.length; i++) {
            for (int j = 0; j < x.length; j++) {
                boolean same = mode.contiguous() ? i / part == j / part : i % mode.devices() == j % mode.devices();
                means[i] += same ? x[j] / part : 0;
            }
        }
        return rows.getManager().create(means, rows.getShape());
    }

    private static void put(NDArray rows, double[] target, int step) {
        float[] values = rows.toFloatArray();
        for (int i = 0; i < values.length; i++) {
            target[(step - 1) * BATCH + i] = values[i];
        }
    }

    private static double correlation(double[] a, double[] b) {
        double meanA = Arrays.stream(a).average().orElseThrow();
        double meanB = Arrays.stream(b).average().orElseThrow();
        double ab = 0;
        double aa = 0;
        double bb = 0;
        for (int i = 0; i < a.length; i++) {
            ab += (a[i] - meanA) * (b[i] - meanB);
            aa += (a[i] - meanA) * (a[i] - meanA);
            bb += (b[i] - meanB) * (b[i] - meanB);
        }
        return ab / Math.sqrt(aa * bb);
    }

    private static Projection branch(MillraceConfig config) {
        return new Heads(config).projection(2, Norm.NONE, Norm.NONE);
    }

    private static MillraceConfig config(String batchNorm, String... more) {
        List<String> all = new java.util.ArrayList<>(List.of(
                "trainer.batch-size=" + BATCH,
                "moco.queue-size=64",
                "trainer.batch-norm=" + batchNorm,
                "trainer.batch-norm-splits=" + DEVICES));
        all.addAll(List.of(more));
        return TestRuns.config(all.toArray(String[]::new));
    }

    private NDArray views(float[] values) {
        return manager.create(values, new Shape(BATCH, 3, 16, 16));
    }

    private static float[] noise(long step) {
        float[] values = new float[BATCH * 3 * 16 * 16];
        CounterRandom random = CounterRandom.of(SEED, step, CounterRandom.Purpose.VIEW_ONE, 0);
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}
