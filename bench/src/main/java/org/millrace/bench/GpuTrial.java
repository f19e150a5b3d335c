package org.millrace.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.millrace.contract.UserException;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.event.Json;

/**
 * Whether Millrace computes rightly on a device, and how fast: {@code bench/gpu FOLDER [--device gpu|gpu:i|cpu] [--json FILE]
 * [key=value …]}. Self-test and first steps against the processor's; ResNet-18 and ResNet-50 from memory and from JPEGs. docs/gpu.md.
 *
 * <p>Ends with 1 where a check failed, or where nothing could be measured at any batch size.
 */
final class GpuTrial {
    private static final List<String> NETWORKS = List.of("resnet18", "resnet50");
    private static final List<String> OBJECTIVES = List.of("moco-v2", "simclr");
    private static final int COMPARED_STEPS = 3;

    /**
     * What is measured on a kind of device. A CPU's is small: it exercises the program and measures nothing of interest.
     *
     * @param batches from the largest; the next is taken where memory does not suffice
     */
    record Plan(
            int side,
            List<Integer> batches,
            int comparedBatch,
            int queue,
            List<String> compared,
            List<String> timed,
            int settling,
            int steps,
            int jpegWidth,
            int jpegHeight) {
        static Plan of(String device) {
            return device.equals("cpu")
                    ? new Plan(
                            64, List.of(8), 8, 1024, List.of("fp32", "bf16"), List.of("fp32", "bf16"), 1, 3, 143, 107)
                    : new Plan(
                            224,
                            List.of(256, 128, 64, 32),
                            32,
                            65_536,
                            List.of("fp32", "bf16", "fp16"),
                            List.of("fp32", "bf16"),
                            5,
                            20,
                            500,
                            375);
        }
    }

    /** @param problem blank where it was measured */
    record Check(
            String objective,
            String network,
            String precision,
            Optional<StepAgreement> found,
            boolean good,
            String problem) {}

    /**
     * @param teraflops a second that the networks' multiply-adds make, each two operations
     * @param problem blank where it was measured
     */
    record Speed(
            String network,
            String precision,
            StepFigures.Source source,
            int batch,
            Optional<StepFigures> figures,
            double teraflops,
            String problem) {}

    /** The JSON. */
    record Report(Map<String, String> machine, Plan plan, List<Check> checks, List<Speed> speeds) {
        boolean isGood() {
            return checks.stream().allMatch(Check::good)
                    && speeds.stream().allMatch(speed -> speed.figures().isPresent());
        }
    }

    private final Plan plan;
    private final String device;
    private final List<String> more;
    private final Path data;

    GpuTrial(Plan plan, String device, List<String> more, Path data) {
        this.plan = plan;
        this.device = device;
        this.more = more;
        this.data = data;
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        String device = "gpu";
        Optional<Path> json = Optional.empty();
        List<String> more = new ArrayList<>();
        for (int i = 0; i < arguments.length; i++) {
            boolean last = i + 1 == arguments.length;
            switch (arguments[i]) {
                case "--device" -> device = last ? usage("--device wants cpu, gpu or gpu:i") : arguments[++i];
                case "--json" -> json = Optional.of(Path.of(last ? usage("--json wants a file") : arguments[++i]));
                default -> more.add(arguments[i]);
            }
        }
        try {
            new ConfigLoader()
                    .assignments(more)
                    .assignments(List.of("run.device=" + device))
                    .load();
        } catch (UserException e) {
            usage(String.valueOf(e.getMessage()));
        }
        Child.Answer<DeviceProbe> probe = DeviceProbe.ask(List.of("run.device=" + device));
        if (probe.value().isEmpty()) {
            System.err.println("bench/gpu: " + probe.problem());
            System.exit(1);
        }
        Path data = Files.createTempDirectory("millrace-gpu-");
        Report report = new GpuTrial(Plan.of(device), device, more, data)
                .run(probe.value().orElseThrow());
        if (json.isPresent()) {
            Files.writeString(json.get(), Json.writePretty(report) + "\n");
        }
        print(report.isGood() ? "all good" : "NOT GOOD: see the lines with a reason");
        System.exit(report.isGood() ? 0 : 1);
    }

    private static String usage(String problem) {
        System.err.println("bench/gpu: " + problem);
        System.exit(2);
        return problem;
    }

    Report run(DeviceProbe probe) throws IOException, InterruptedException {
        Map<String, String> machine = machine(probe);
        machine.forEach((name, value) -> print("%-10s %s", name, value));
        print("");
        print("%-34s %12s %10s   %s", "first steps against the CPU's fp32", "loss", "cosine", "");
        List<Check> checks = new ArrayList<>();
        for (String objective : OBJECTIVES) {
            for (String precision : plan.compared()) {
                checks.add(check(objective, NETWORKS.get(0), precision));
            }
        }
        print("");
        print(
                "%-30s %6s %10s %10s %10s %10s %11s",
                "MoCo v2 at " + plan.side() + "²",
                "batch",
                "ms a step",
                "images/s",
                "peak MiB",
                "TFLOP/s",
                "self-test s");
        List<Speed> speeds = new ArrayList<>();
        for (String network : NETWORKS) {
            for (String precision : plan.timed()) {
                Speed fromMemory = speed(network, precision, StepFigures.Source.MEMORY, plan.batches());
                speeds.add(fromMemory);
                speeds.add(speed(network, precision, StepFigures.Source.JPEG, List.of(fromMemory.batch())));
            }
        }
        return new Report(machine, plan, checks, speeds);
    }

    private Check check(String objective, String network, String precision) throws IOException, InterruptedException {
        var answer =
                StepAgreement.ask(COMPARED_STEPS, assignments(objective, network, precision, plan.comparedBatch()));
        boolean good = answer.value().map(StepAgreement::isGood).orElse(false);
        String name = String.join(" ", objective, network, precision);
        answer.value()
                .ifPresentOrElse(
                        found -> print(
                                "%-34s %12.1e %10.5f   %s (at most %.2f, at least %.3f)",
                                name,
                                found.lossDifference(),
                                found.cosine(),
                                good ? "good" : "BAD",
                                found.lossBound(),
                                found.cosineBound()),
                        () -> print("%-34s %s", name, answer.problem()));
        return new Check(objective, network, precision, answer.value(), good, answer.problem());
    }

    private Speed speed(String network, String precision, StepFigures.Source source, List<Integer> batches)
            throws IOException, InterruptedException {
        String name = network + " " + precision + (source == StepFigures.Source.MEMORY ? " memory" : " JPEGs");
        Speed speed = new Speed(network, precision, source, batches.get(0), Optional.empty(), 0, "not measured");
        for (int batch : batches) {
            var answer = StepFigures.ask(
                    new StepFigures.Plan(source, plan.settling(), plan.steps(), plan.jpegWidth(), plan.jpegHeight()),
                    assignments("moco-v2", network, precision, batch));
            double teraflops = answer.value()
                    .map(found -> Arithmetic.teraflops(network, plan.side(), found.imagesPerSecond()))
                    .orElse(0.0);
            speed = new Speed(network, precision, source, batch, answer.value(), teraflops, answer.problem());
            print(
                    "%-30s %6d %s",
                    name,
                    batch,
                    answer.value()
                            .map(found -> String.format(
                                    Locale.ROOT, "%s %10.3f %11.1f", found.row(), teraflops, found.selfTestSeconds()))
                            .orElse(answer.problem()));
            if (!answer.isOutOfMemory()) {
                break;
            }
        }
        return speed;
    }

    private List<String> assignments(String objective, String network, String precision, int batch) {
        List<String> all = new ArrayList<>(List.of(
                "run.data=" + data,
                "run.device=" + device,
                "encoder.architecture=" + network,
                "encoder.stem=imagenet",
                "encoder.height=" + plan.side(),
                "encoder.width=" + plan.side(),
                "trainer.objective=" + objective,
                "trainer.batch-size=" + batch,
                "trainer.precision=" + precision,
                "moco.queue-size=" + plan.queue()));
        all.addAll(more);
        return all;
    }

    private Map<String, String> machine(DeviceProbe probe) {
        Map<String, String> machine = new TreeMap<>();
        machine.put("device", device);
        machine.put("cores", String.valueOf(Runtime.getRuntime().availableProcessors()));
        machine.put("engine", probe.engine());
        machine.put("java", Runtime.version().toString());
        machine.put("nvidia", nvidia());
        machine.put("started", java.time.Instant.now().toString());
        return machine;
    }

    private static String nvidia() {
        try {
            Process process = new ProcessBuilder(
                            "nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader")
                    .redirectErrorStream(true)
                    .start();
            return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            return "no nvidia-smi";
        }
    }

    private static void print(String format, Object... arguments) {
        System.out.println(String.format(Locale.ROOT, format, arguments));
    }
}
