package org.millrace.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.encoder.tensor.Torch;
import org.millrace.keystore.KeyStoreSettings;
import org.millrace.keystore.Memory;
import org.millrace.trainer.Learner;
import org.millrace.trainer.stream.StageClock;
import org.millrace.trainer.stream.ViewBuffers;

/**
 * Milliseconds a step fed from memory, in each precision, against the same step in PyTorch's eager mode in each of its modes:
 * {@code bench/run step [ROUNDS] [STEPS] [PYTHON|none] [MODE,…] [key=value …]}, from the repository's root. A mode is fp32, bf16 or fp16,
 * with further settings behind it where modes differ in more ({@code fp32:encoder.train=lora});
 * PYTHON has torch, and libopenblas0 beside Debian's.
 *
 * <p>Rounds are interleaved, each mode's figure in a round is the median of its steps, and the first round is not counted. Objective,
 * network and batch are the configuration's; PyTorch's are always MoCo v2 of ResNet-20 on 128 images of 32×32, the defaults here.
 */
final class StepSpeed {
    private static final String REFERENCE = "PyTorch fp32 nchw";
    private static final List<String> PEER_MODES =
            List.of("fp32 nchw", "fp32 channels_last", "bf16 nchw", "bf16 channels_last");

    private StepSpeed() {}

    public static void main(String[] arguments) throws IOException {
        int rounds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 9;
        int steps = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 10;
        String python = arguments.length > 2 ? arguments[2] : "python3";
        String modes = arguments.length > 3 ? arguments[3] : "fp32,bf16";
        List<String> assignments = Arrays.asList(arguments).subList(Math.min(4, arguments.length), arguments.length);
        Map<String, List<Double>> millis = new LinkedHashMap<>();
        List<Ours> ours = new ArrayList<>();
        print(
                "load at the start: %s",
                Files.readString(Path.of("/proc/loadavg")).strip());
        try (Peer peer = Peer.start(python)) {
            for (String mode : modes.split(",", -1)) {
                ours.add(new Ours(mode, assignments));
            }
            for (int round = 0; round <= rounds; round++) {
                Map<String, Double> now = new LinkedHashMap<>();
                for (Ours learner : ours) {
                    now.put("Millrace " + learner.mode(), learner.medianMillis(steps));
                }
                for (String mode : peer.modes()) {
                    now.put("PyTorch " + mode, peer.medianMillis(mode, steps));
                }
                if (round > 0) {
                    now.forEach((mode, value) -> millis.computeIfAbsent(mode, name -> new ArrayList<>())
                            .add(value));
                }
            }
        } finally {
            ours.forEach(Ours::close);
        }
        table(millis, rounds, steps);
        print("load at the end: %s", Files.readString(Path.of("/proc/loadavg")).strip());
    }

    // the ratio is of a round's figures, so that the machine's state cancels
    private static void table(Map<String, List<Double>> millis, int rounds, int steps) {
        String reference = millis.containsKey(REFERENCE)
                ? REFERENCE
                : millis.keySet().iterator().next();
        List<Double> base = millis.getOrDefault(reference, List.of());
        print("%d rounds of %d steps; median (lowest to highest)", rounds, steps);
        print("%-40s %26s   %s", "mode", "ms a step", "times as fast as " + reference);
        millis.forEach((mode, values) -> {
            List<Double> ratios = new ArrayList<>();
            for (int i = 0; i < values.size(); i++) {
                ratios.add(base.get(i) / values.get(i));
            }
            print(
                    "%-40s %8.1f (%6.1f to %6.1f)   %.2f (%.2f to %.2f)",
                    mode,
                    PreparationSpeed.median(values),
                    Collections.min(values),
                    Collections.max(values),
                    PreparationSpeed.median(ratios),
                    Collections.min(ratios),
                    Collections.max(ratios));
        });
    }

    /** A learner in one mode; its steps go on from round to round. */
    private static final class Ours {
        private final String mode;
        private final MillraceConfig config;
        private final Memory memory;
        private final Learner learner;
        private long step;

        Ours(String mode, List<String> assignments) {
            List<String> parts = List.of(mode.split(":", -1));
            List<String> all = new ArrayList<>(assignments);
            all.add("trainer.precision=" + parts.get(0));
            all.addAll(parts.subList(1, parts.size()));
            this.mode = mode;
            this.config = new ConfigLoader().assignments(all).load();
            this.memory = new KeyStoreSettings(
                            "images", config.head().output(), config.moco().queueSize())
                    .openInMemory();
            this.learner = new Learner(config, Torch.start(config.run()), memory);
        }

        String mode() {
            return mode;
        }

        double medianMillis(int steps) {
            ViewBuffers views = MemoryBatch.views(config);
            List<ImageOffset> images = MemoryBatch.images(config.trainer().batchSize());
            List<Double> millis = new ArrayList<>();
            for (int i = 0; i < steps; i++) {
                long start = System.nanoTime();
                var unused = learner.step(
                        ++step,
                        views,
                        images,
                        Collections.nCopies(images.size(), Optional.empty()),
                        new StageClock(System::nanoTime));
                millis.add((System.nanoTime() - start) / 1e6);
            }
            return PreparationSpeed.median(millis);
        }

        void close() {
            learner.close();
            memory.close();
        }
    }

    /** A process of bench/pytorch/step.py, which answers each line with a mode and a number of steps; or nothing. */
    private record Peer(Optional<Process> process) implements AutoCloseable {
        static Peer start(String python) throws IOException {
            if (python.equals("none")) {
                return new Peer(Optional.empty());
            }
            return new Peer(Optional.of(new ProcessBuilder(
                            python, Path.of("bench", "pytorch", "step.py").toString())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start()));
        }

        List<String> modes() {
            return process.isPresent() ? PEER_MODES : List.of();
        }

        double medianMillis(String mode, int steps) throws IOException {
            Process peer = process.orElseThrow();
            Writer questions = peer.outputWriter(StandardCharsets.UTF_8);
            questions.write(mode + " " + steps + "\n");
            questions.flush();
            BufferedReader answers = peer.inputReader(StandardCharsets.UTF_8);
            String answer = answers.readLine();
            if (answer == null) {
                throw new IOException("bench/pytorch/step.py ended; does its Python have torch?");
            }
            return Double.parseDouble(answer);
        }

        @Override
        public void close() {
            process.ifPresent(Process::destroy);
        }
    }

    private static void print(String format, Object... arguments) {
        System.out.println(String.format(Locale.ROOT, format, arguments));
    }
}
