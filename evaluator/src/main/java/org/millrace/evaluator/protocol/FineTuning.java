package org.millrace.evaluator.protocol;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;
import org.millrace.contract.UserException;
import org.millrace.encoder.classifier.Classifier;
import org.millrace.encoder.classifier.ImageInputs;
import org.millrace.encoder.image.UndecodableImageException;
import org.millrace.encoder.network.LinearHead;
import org.millrace.encoder.optimiser.OptimiserRule;
import org.millrace.evaluator.probe.ProbeImage;
import org.millrace.evaluator.score.ClassScores;

/**
 * Semi-supervised fine-tuning after SimCLR (Chen et al. 2020, §6 and B.5): encoder and class layer learn from a few labels, the same
 * share of each class, with Nesterov's momentum 0.9, no weight decay, the rate 0.05 · batch / 256 falling to 0 by a cosine, random
 * crops and flips. Beside it the same network learns from random weights.
 *
 * <p>The paper's batches of 4,096 would be larger than our sets, so they are of 64; and as a small set makes few of them, there is a
 * least number of steps: 200, about as many as the paper's 60 epochs of one per cent of ImageNet.
 */
record FineTuning(int percent, int epochs, int leastSteps) implements ProbeProtocol {
    private static final OptimiserRule RULE = OptimiserRule.sgd(0.9, true, 0);
    private static final int BATCH = 64;
    private static final double RATE_PER_256 = 0.05;

    @Override
    public List<ProtocolScore> score(Benchmark benchmark) {
        String name = "finetune-" + percent;
        return List.of(train(benchmark, name, true), train(benchmark, name + "-random", false));
    }

    private ProtocolScore train(Benchmark benchmark, String name, boolean fromEncoder) {
        long start = benchmark.millis();
        List<ProbeImage> labelled = subset(benchmark.images().train());
        int[] labels = benchmark.images().classesOf(labelled);
        int batch = Math.min(BATCH, labelled.size());
        double rate = RATE_PER_256 * batch / 256;
        int perEpoch = Batches.of(labelled.size(), batch, 0, 0).size();
        int steps = Math.max(leastSteps, epochs * perEpoch);
        benchmark.progress().begin(name, (long) steps * labelled.size() / perEpoch);
        try (Classifier classifier = Classifier.onImages(
                benchmark.torch(),
                benchmark.architecture(),
                new LinearHead(benchmark.classes()),
                RULE,
                benchmark.seed())) {
            if (fromEncoder) {
                classifier.startFrom(benchmark.weights());
            }
            ImageInputs inputs =
                    new ImageInputs(benchmark.architecture(), benchmark.config().augment());
            train(benchmark, classifier, inputs, labelled, labels, batch, steps, rate);
            ClassScores scores = scores(benchmark, classifier, inputs);
            Map<String, Object> settings = new LinkedHashMap<>();
            settings.put("labels", labelled.size());
            settings.put("rate", rate);
            settings.put("steps", steps);
            settings.put("batch", batch);
            settings.put("from", fromEncoder ? "encoder" : "random weights");
            return benchmark.score(name, scores, settings, List.of(), start);
        } catch (UndecodableImageException e) {
            throw new IllegalStateException("an image that decoded before no longer does: " + e.reason(), e);
        } catch (IllegalArgumentException e) {
            throw new UserException("the encoder cannot be fine-tuned: " + e.getMessage(), e);
        }
    }

    private static void train(
            Benchmark benchmark,
            Classifier classifier,
            ImageInputs inputs,
            List<ProbeImage> labelled,
            int[] labels,
            int batch,
            int steps,
            double initialRate)
            throws UndecodableImageException {
        int step = 0;
        long done = 0;
        for (int epoch = 0; step < steps; epoch++) {
            for (int[] rows : Batches.of(labelled.size(), batch, benchmark.seed(), epoch)) {
                if (step == steps) {
                    return;
                }
                List<byte[]> files = new ArrayList<>();
                int[] classes = new int[rows.length];
                for (int i = 0; i < rows.length; i++) {
                    files.add(labelled.get(rows[i]).file());
                    classes[i] = labels[rows[i]];
                }
                CounterRandom random = CounterRandom.of(benchmark.seed(), step, Purpose.VIEW_ONE, 0);
                double rate = initialRate * (1 + Math.cos(Math.PI * step / steps)) / 2;
                double loss = classifier.step(inputs.cropped(files, random), classes, rate, random);
                step++;
                done += rows.length;
                benchmark.progress().update(done, String.format(Locale.ROOT, "loss %.3f", loss));
            }
        }
    }

    private static ClassScores scores(Benchmark benchmark, Classifier classifier, ImageInputs inputs)
            throws UndecodableImageException {
        List<ProbeImage> test = benchmark.images().test();
        int batchSize = benchmark.config().evaluator().batchSize();
        double[] scores = new double[Math.multiplyExact(test.size(), benchmark.classes())];
        for (int from = 0; from < test.size(); from += batchSize) {
            List<byte[]> files = test.subList(from, Math.min(from + batchSize, test.size())).stream()
                    .map(ProbeImage::file)
                    .toList();
            float[] logits = classifier.logits(inputs.centred(files));
            for (int i = 0; i < logits.length; i++) {
                scores[from * benchmark.classes() + i] = logits[i];
            }
        }
        return new ClassScores(benchmark.classes(), scores);
    }

    /** That share of each class, at least one image: the first in the order of the half, that is by the hash of their ids. */
    List<ProbeImage> subset(List<ProbeImage> train) {
        Map<String, Integer> sizes = new HashMap<>();
        train.forEach(image -> sizes.merge(image.label(), 1, Integer::sum));
        Map<String, Integer> left = new HashMap<>();
        sizes.forEach((label, size) -> left.put(label, Math.max(1, (int) Math.round(size * percent / 100.0))));
        return train.stream()
                .filter(image -> left.merge(image.label(), -1, Integer::sum) >= 0)
                .toList();
    }
}
