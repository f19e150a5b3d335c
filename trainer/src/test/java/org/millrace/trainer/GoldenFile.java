package org.millrace.trainer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.TreeMap;
import org.millrace.contract.event.EngineWords;
import org.millrace.encoder.tensor.Torch;

/**
 * What golden runs gave on one class of machine: the loss of every step and the digest after every tenth.
 *
 * @param machine the class, by {@link #machine}
 */
record GoldenFile(String machine, Map<String, List<GoldenRun.Step>> runs) {
    private static final String MACHINE = "machine: ";
    /** The class whose losses stand for all that have no file. */
    private static final String REFERENCE = "/golden/genuineintel-6-167.txt";

    /** What the bits of a run depend on beside its configuration: the processor, its instructions in use, library and threads. */
    static String machine(Torch torch) {
        return processor().orElse(System.getProperty("os.arch")) + ", " + torch.description()
                + Optional.ofNullable(System.getenv("ATEN_CPU_CAPABILITY"))
                        .map(limit -> ", ATEN_CPU_CAPABILITY=" + limit)
                        .orElse("");
    }

    /** The file of this machine's class, or the reference. */
    static GoldenFile forThisMachine() throws IOException {
        String own = "/golden/" + slug() + ".txt";
        try (InputStream file = GoldenFile.class.getResourceAsStream(own)) {
            return file != null ? read(file) : reference();
        }
    }

    static GoldenFile read(Path path) throws IOException {
        try (InputStream file = Files.newInputStream(path)) {
            return read(file);
        }
    }

    void write(Path path) throws IOException {
        StringJoiner lines = new StringJoiner("\n", "", "\n").add(MACHINE + machine);
        runs.forEach((name, steps) -> {
            lines.add("run: " + name);
            steps.forEach(step -> lines.add(step.step() + " " + step.loss()
                    + step.digest().map(digest -> " " + digest).orElse("")));
        });
        Files.writeString(path, lines.toString());
    }

    private static GoldenFile reference() throws IOException {
        try (InputStream file = GoldenFile.class.getResourceAsStream(REFERENCE)) {
            return read(Objects.requireNonNull(file, REFERENCE));
        }
    }

    private static GoldenFile read(InputStream file) throws IOException {
        String machine = "";
        Map<String, List<GoldenRun.Step>> runs = new LinkedHashMap<>();
        List<GoldenRun.Step> steps = List.of();
        BufferedReader lines = new BufferedReader(new InputStreamReader(file, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.startsWith(MACHINE)) {
                machine = EngineWords.read(line.substring(MACHINE.length()));
            } else if (line.startsWith("run: ")) {
                steps = runs.computeIfAbsent(line.substring("run: ".length()), name -> new ArrayList<>());
            } else {
                String[] words = line.split(" ", -1);
                steps.add(new GoldenRun.Step(
                        Long.parseLong(words[0]),
                        Double.parseDouble(words[1]),
                        words.length > 2 ? Optional.of(words[2]) : Optional.empty()));
            }
        }
        return new GoldenFile(machine, runs);
    }

    // oneDNN and PyTorch choose kernels by vendor, family, model, instructions and size of the caches
    private static Optional<String> processor() {
        Map<String, String> facts = facts();
        if (!facts.containsKey("vendor_id")) {
            return Optional.empty();
        }
        List<String> flags = List.of(facts.getOrDefault("flags", "").split(" ", -1));
        String instructions =
                flags.contains("avx512dq") ? "AVX-512" : flags.contains("avx2") ? "AVX2" : "less than AVX2";
        return Optional.of(String.format(
                Locale.ROOT,
                "%s family %s model %s, %s, cache %s",
                facts.get("vendor_id"),
                facts.get("cpu family"),
                facts.get("model"),
                instructions,
                facts.getOrDefault("cache size", "unknown")));
    }

    private static String slug() {
        Map<String, String> facts = facts();
        return String.join(
                        "-",
                        facts.getOrDefault("vendor_id", System.getProperty("os.arch")),
                        facts.getOrDefault("cpu family", "0"),
                        facts.getOrDefault("model", "0"))
                .toLowerCase(Locale.ROOT);
    }

    // of the first processor
    private static Map<String, String> facts() {
        Map<String, String> facts = new TreeMap<>();
        try {
            for (String line : Files.readAllLines(Path.of("/proc/cpuinfo"))) {
                int colon = line.indexOf(':');
                if (colon > 0) {
                    facts.putIfAbsent(
                            line.substring(0, colon).strip(),
                            line.substring(colon + 1).strip());
                }
            }
        } catch (IOException e) {
            return Map.of(); // another system
        }
        return facts;
    }
}
