package org.millrace.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.config.Precision;
import org.millrace.encoder.selftest.SelfTest;
import org.millrace.encoder.tensor.Torch;
import org.millrace.keystore.KeyStore;
import org.millrace.keystore.KeyStoreSettings;
import org.millrace.trainer.Learner;
import org.millrace.trainer.stream.StageClock;

/**
 * The first steps of a configuration on its device and in its precision, beside the same on the processor in float32: same weights, same
 * views.
 *
 * @param reference losses on the processor
 * @param losses on the device
 * @param cosine the mean over the images of the first step, between the features of both
 */
record StepAgreement(Precision precision, List<Double> reference, List<Double> losses, double cosine) {
    /** In a process of its own. */
    static Child.Answer<StepAgreement> ask(int steps, List<String> assignments)
            throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(List.of(String.valueOf(steps)));
        arguments.addAll(assignments);
        return Child.ask(StepAgreement.class, StepAgreement.class, arguments);
    }

    public static void main(String[] arguments) throws Exception {
        List<String> words = Arrays.asList(arguments);
        Child.answer(arguments[0], () -> measure(Integer.parseInt(arguments[1]), words.subList(2, words.size())));
    }

    static StepAgreement measure(int steps, List<String> assignments) throws InterruptedException {
        MillraceConfig config = config(assignments, List.of());
        MillraceConfig plain = config(assignments, List.of("run.device=cpu", "trainer.precision=fp32"));
        List<Learner.Result> device = steps(config, SelfTest.forTraining(config), steps);
        List<Learner.Result> reference = steps(plain, SelfTest.forTraining(plain), steps);
        return new StepAgreement(
                config.trainer().precision(),
                reference.stream().map(Learner.Result::loss).toList(),
                device.stream().map(Learner.Result::loss).toList(),
                cosine(
                        reference.get(0).features(),
                        device.get(0).features(),
                        config.trainer().batchSize()));
    }

    /** The most by which the two losses of a step may differ; in half precision the second step has weights of another gradient. */
    double lossBound() {
        return switch (precision) {
            case FP32 -> 0.01; // TF32's 10 bits; between two processors 1e-5
            case FP16 -> 0.05;
            case BF16 -> 0.1;
        };
    }

    /** The least that the cosine may be. */
    double cosineBound() {
        return switch (precision) {
            case FP32 -> 0.999;
            case FP16 -> 0.99;
            case BF16 -> 0.95;
        };
    }

    double lossDifference() {
        double largest = 0;
        for (int i = 0; i < losses.size(); i++) {
            largest = Math.max(largest, Math.abs(losses.get(i) - reference.get(i)));
        }
        return largest;
    }

    boolean isGood() {
        return lossDifference() <= lossBound() && cosine >= cosineBound();
    }

    private static MillraceConfig config(List<String> assignments, List<String> more) {
        return new ConfigLoader().assignments(assignments).assignments(more).load();
    }

    private static List<Learner.Result> steps(MillraceConfig config, Torch torch, int steps)
            throws InterruptedException {
        var settings = new KeyStoreSettings(
                "images", config.head().output(), config.moco().queueSize());
        List<Learner.Result> results = new ArrayList<>();
        try (KeyStore keys = settings.openInMemory();
                Learner learner = new Learner(config, torch, keys);
                Feed feed = Feed.fromMemory(config)) {
            Feed.Fed fed = feed.next();
            for (int step = 1; step <= steps; step++) {
                results.add(learner.step(step, fed.views(), fed.images(), fed.ids(), new StageClock(System::nanoTime)));
            }
        }
        return results;
    }

    // of unit rows
    private static double cosine(float[] one, float[] other, int rows) {
        double sum = 0;
        for (int i = 0; i < one.length; i++) {
            sum += (double) one[i] * other[i];
        }
        return sum / rows;
    }
}
