package org.millrace.trainer;

import static org.millrace.encoder.VectorTensors.tensor;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.vector.ReferenceVector;
import org.millrace.encoder.tensor.Torch;
import org.millrace.keystore.KeyStore;
import org.millrace.trainer.objective.Batch;
import org.millrace.trainer.objective.Objective;
import org.millrace.trainer.objective.TestObjectives;
import org.millrace.trainer.stream.StageClock;

/** Whole steps of the learner: momentum, keys, loss, gradient, descent, enqueue; only the encoder is the vector's single matrix. */
final class TrajectoryVectorTest {
    @Test
    void step_referenceTrajectory_sameAfterEachStep() {
        ReferenceVector vector = ReferenceVector.load("moco_trajectory");
        int inputs = vector.size("W0", 0);
        int outputs = vector.size("W0", 1);
        int batch = vector.size("xq", 1);
        int capacity = vector.size("queue0", 0);
        double decay = vector.number("weight_decay");
        double velocityShare = vector.number("momentum");
        MillraceConfig config = TestRuns.config(
                "head.output=" + outputs,
                "trainer.batch-size=" + batch,
                "moco.queue-size=" + capacity,
                "moco.temperature=" + vector.number("T"),
                "moco.momentum=" + vector.number("m"),
                "optimiser.warmup-steps=0",
                "optimiser.learning-rate=" + vector.number("lr"),
                "optimiser.momentum=" + velocityShare,
                "optimiser.weight-decay=" + decay);
        Torch torch = TestRuns.torch();
        int size = inputs * outputs;
        try (KeyStore keys = TestRuns.keys(config);
                NDManager scope = torch.newManager()) {
            Objective objective = TestObjectives.linearMoco(
                    config, torch, keys, inputs, vector.floats("W0"), vector.floats("queue0"));
            try (Learner learner = new Learner(config, torch, objective, StepNumbers.OF_ONE_TRAINER)) {
                NDArray queries = tensor(vector, "xq", scope); // S×N×I
                NDArray keyViews = tensor(vector, "xk", scope); // S×N×I
                float[] weights = vector.floats("W0");
                float[] velocity = new float[size];
                for (int s = 0; s < vector.number("steps"); s++) {
                    Learner.Result result = learner.step(
                            new Batch(s + 1, images(s, batch), List.of(), List.of(queries.get(s), keyViews.get(s))),
                            scope,
                            new StageClock(System::nanoTime));
                    vector.checkAt("loss_per_step", s, (float) result.loss());
                    vector.checkAt("top1_per_step", s, (float) result.accuracy());
                    vector.checkAt(
                            "Wk_per_step",
                            s * size,
                            objective.key().orElseThrow().parameters().toFloatArray());
                    vector.checkAt("queue_per_step", s * capacity * outputs, TestObjectives.dictionaryOf(objective));
                    vector.checkAt("ptr_per_step", s, result.keySequence() % capacity);
                    float[] newVelocity = learner.optimiser().tensor("velocity", size);
                    float[] gradient = new float[size]; // g = v' − μv − λw
                    for (int i = 0; i < size; i++) {
                        gradient[i] = (float) (newVelocity[i] - velocityShare * velocity[i] - decay * weights[i]);
                    }
                    vector.checkAt("grad_Wq_per_step", s * size, gradient);
                    velocity = newVelocity;
                    weights = objective.query().parameters().toFloatArray();
                    vector.checkAt("Wq_per_step", s * size, weights);
                }
            }
        }
    }

    private static List<ImageOffset> images(int step, int batch) {
        return LongStream.range((long) step * batch, (step + 1L) * batch)
                .mapToObj(offset -> new ImageOffset(0, offset))
                .toList();
    }
}
