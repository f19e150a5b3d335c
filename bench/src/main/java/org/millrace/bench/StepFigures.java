package org.millrace.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.encoder.selftest.SelfTest;
import org.millrace.encoder.tensor.Torch;
import org.millrace.keystore.KeyStore;
import org.millrace.keystore.KeyStoreSettings;
import org.millrace.trainer.Learner;
import org.millrace.trainer.stream.StageClock;

/**
 * Time and memory of a configuration's steps, after the self-test of its network on its device.
 *
 * @param engine as a checkpoint describes it: version, device, precision
 * @param millis a step, the median; a step ends when its features are on the host
 * @param imagesPerSecond of all timed steps, waiting for their views included
 * @param peakBytes as {@link DeviceMemory} counts
 */
record StepFigures(
        String engine, double selfTestSeconds, double millis, double imagesPerSecond, long peakBytes, double loss) {
    /** Where a step's views come from. */
    enum Source {
        MEMORY,
        JPEG
    }

    /** How many steps of which images; the settling ones are not timed. */
    record Plan(Source source, int settling, int steps, int jpegWidth, int jpegHeight) {
        private static final int ARGUMENTS = 5;

        static Plan fromMemory(int settling, int steps) {
            return new Plan(Source.MEMORY, settling, steps, 0, 0);
        }

        List<String> arguments() {
            return List.of(source.name(), "" + settling, "" + steps, "" + jpegWidth, "" + jpegHeight);
        }

        private static Plan of(List<String> words) {
            List<Integer> numbers = words.stream().skip(1).map(Integer::valueOf).toList();
            return new Plan(
                    Source.valueOf(words.get(0)), numbers.get(0), numbers.get(1), numbers.get(2), numbers.get(3));
        }
    }

    /** In a process of its own. */
    static Child.Answer<StepFigures> ask(Plan plan, List<String> assignments) throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(plan.arguments());
        arguments.addAll(assignments);
        return Child.ask(StepFigures.class, StepFigures.class, arguments);
    }

    public static void main(String[] arguments) throws Exception {
        List<String> words = Arrays.asList(arguments).subList(1, arguments.length);
        Plan plan = Plan.of(words.subList(0, Plan.ARGUMENTS));
        Child.answer(
                arguments[0],
                () -> measure(
                        new ConfigLoader()
                                .assignments(words.subList(Plan.ARGUMENTS, words.size()))
                                .load(),
                        plan));
    }

    static StepFigures measure(MillraceConfig config, Plan plan) throws IOException, InterruptedException {
        DeviceMemory memory = new DeviceMemory(Torch.start(config.run()));
        long begun = System.nanoTime();
        Torch torch = SelfTest.forTraining(config);
        double selfTestSeconds = (System.nanoTime() - begun) / 1e9;
        var settings = new KeyStoreSettings(
                "images", config.head().output(), config.moco().queueSize());
        int all = plan.settling() + plan.steps();
        List<Double> millis = new ArrayList<>();
        double loss = Double.NaN;
        long start = 0;
        try (KeyStore keys = settings.openInMemory();
                Learner learner = new Learner(config, torch, keys);
                Feed feed = plan.source() == Source.MEMORY
                        ? Feed.fromMemory(config)
                        : Feed.fromJpegs(config, plan.jpegWidth(), plan.jpegHeight(), all)) {
            for (int step = 1; step <= all; step++) {
                start = step == plan.settling() + 1 ? System.nanoTime() : start;
                Feed.Fed fed = feed.next();
                long from = System.nanoTime();
                loss = learner.step(step, fed.views(), fed.images(), fed.ids(), new StageClock(System::nanoTime))
                        .loss();
                if (step > plan.settling()) {
                    millis.add((System.nanoTime() - from) / 1e6);
                }
                feed.giveBack(fed);
            }
            double seconds = (System.nanoTime() - start) / 1e9;
            return new StepFigures(
                    torch.description(),
                    selfTestSeconds,
                    PreparationSpeed.median(millis),
                    plan.steps() * config.trainer().batchSize() / seconds,
                    memory.peakBytes(),
                    loss);
        }
    }

    /** A row of a table: milliseconds a step, images/s, MiB. */
    String row() {
        return String.format(
                Locale.ROOT, "%10.1f %10.1f %10d", millis, imagesPerSecond, Math.round(peakBytes / 1048576.0));
    }
}
