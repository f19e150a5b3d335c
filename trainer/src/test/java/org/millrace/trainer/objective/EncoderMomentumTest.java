package org.millrace.trainer.objective;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.millrace.contract.config.MomentumSchedule;
import org.millrace.contract.vector.ReferenceVector;
import org.millrace.encoder.tensor.InPlace;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.WeightLayout;
import org.millrace.encoder.tensor.Weights;
import org.millrace.trainer.TestRuns;
import org.millrace.trainer.optimiser.MovingAverage;

final class EncoderMomentumTest {
    private final Torch torch = TestRuns.torch();

    @Test
    void at_cosine_referenceVectors_sameMomentum() {
        ReferenceVector average = ReferenceVector.load("moco_ema");
        EncoderMomentum momentum = cosine(average);
        average.check(
                "cosine_m_at_points",
                StreamSupport.stream(average.parameter("schedule_points").spliterator(), false)
                        .mapToDouble(point -> momentum.at(point.asDouble()))
                        .toArray());
        average.check(
                "cosine_m_used", vectorTimes(average).mapToDouble(momentum::at).toArray());

        ReferenceVector schedules = ReferenceVector.load("lr_schedules");
        var published = new EncoderMomentum(
                schedules.number("ema_m0"),
                MomentumSchedule.COSINE,
                schedules.parameter("total").asLong());
        schedules.check(
                "cosine_ema_momentum",
                Arrays.stream(schedules.doubles("steps")).map(published::at).toArray());
    }

    @Test
    void at_pastTheLastStep_isOne() {
        assertThat(new EncoderMomentum(0.9, MomentumSchedule.COSINE, 10).at(11)).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource
    void movingAverage_referenceVector_sameKey(MomentumSchedule schedule) {
        ReferenceVector vector = ReferenceVector.load("moco_ema");
        EncoderMomentum momentum = switch (schedule) {
            case CONSTANT -> new EncoderMomentum(vector.number("m"), schedule, 0);
            case COSINE -> cosine(vector);
        };
        String form = schedule == MomentumSchedule.COSINE ? "cosine" : "const";
        int sizeA = vector.floats("theta_k_a").length;
        int sizeB = vector.floats("theta_k_b").length;
        try (Weights key = weights(joined(vector.floats("theta_k_a"), vector.floats("theta_k_b")))) {
            for (int step = 0; step < vector.number("steps"); step++) {
                float[] query = joined(
                        part(vector.floats("theta_q_a"), step, sizeA), part(vector.floats("theta_q_b"), step, sizeB));
                try (Weights weights = weights(query)) {
                    new MovingAverage(momentum.at(vector.number("schedule_t0") + step)).update(key, weights);
                }
                float[] now = key.parameters().toFloatArray();
                vector.checkAt(form + "_a", step * sizeA, Arrays.copyOfRange(now, 0, sizeA));
                vector.checkAt(form + "_b", step * sizeB, Arrays.copyOfRange(now, sizeA, sizeA + sizeB));
            }
        }
    }

    private static EncoderMomentum cosine(ReferenceVector vector) {
        return new EncoderMomentum(
                vector.number("m0"),
                MomentumSchedule.COSINE,
                vector.parameter("schedule_T").asLong());
    }

    private static IntStream vectorTimes(ReferenceVector vector) {
        int first = vector.parameter("schedule_t0").asInt();
        return IntStream.range(first, first + vector.parameter("steps").asInt());
    }

    // any layout of that many parameters serves: the average sees only the flat tensor
    private Weights weights(float[] values) {
        WeightLayout layout = new WeightLayout();
        layout.linear("w", 1, values.length - 1);
        Weights weights = Weights.initialised(torch, layout, 0);
        InPlace.overwrite(weights.parameters(), values);
        return weights;
    }

    private static float[] joined(float[] first, float[] second) {
        float[] all = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, all, first.length, second.length);
        return all;
    }

    private static float[] part(float[] all, int index, int size) {
        return Arrays.copyOfRange(all, index * size, (index + 1) * size);
    }
}
