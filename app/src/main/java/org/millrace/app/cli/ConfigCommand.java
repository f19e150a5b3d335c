package org.millrace.app.cli;

import java.io.PrintWriter;
import java.util.Map;
import org.millrace.app.text.PresetPage;
import org.millrace.contract.config.ConfigKey;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.Preset;
import org.millrace.contract.config.Setting.Effect;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Prints the effective configuration as an equivalent properties file; secrets masked. */
@Command(
        name = "config",
        mixinStandardHelpOptions = true,
        description = "Print the effective configuration as a properties file, secrets masked.")
final class ConfigCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Mixin
    private CommonOptions options;

    @Option(
            names = "--markdown",
            description =
                    "Print a table of every key, its default and its meaning instead; with --preset the page of that recipe.")
    private boolean markdown;

    @Option(names = "--list-presets", description = "Print the name and a description of every preset instead.")
    private boolean listPresets;

    @Override
    public void run() {
        PrintWriter out = spec.commandLine().getOut();
        if (markdown) {
            options.preset().ifPresentOrElse(preset -> PresetPage.print(out, preset), () -> printTable(out));
        } else if (listPresets) {
            printPresets(out);
        } else {
            Map<String, String> effective = ConfigLoader.effective(options.config(Map.of()));
            options.preset().ifPresent(preset -> printHeader(out, preset));
            printEffective(out, effective);
        }
        out.flush();
    }

    private static void printPresets(PrintWriter out) {
        int width = Preset.names().stream().mapToInt(String::length).max().orElse(0);
        for (String name : Preset.names()) {
            out.println(name
                    + " ".repeat(width - name.length() + 2)
                    + Preset.named(name).title());
        }
    }

    private static void printHeader(PrintWriter out, Preset preset) {
        out.println("# preset " + preset.name() + ":");
        preset.header().forEach(line -> out.println(("# " + line).strip()));
        out.println();
    }

    private static void printEffective(PrintWriter out, Map<String, String> effective) {
        for (ConfigKey key : ConfigLoader.keys()) {
            out.println("# " + key.doc());
            out.println(key.name() + "=" + escaped(effective.getOrDefault(key.name(), "")));
        }
        out.println(
                "# kafka.* is passed unchanged to every Kafka client; kafka.consumer.*, kafka.producer.*, kafka.admin.* only to those");
        effective.forEach((key, value) -> {
            if (key.startsWith("kafka.")) {
                out.println(key + "=" + escaped(value));
            }
        });
    }

    private static void printTable(PrintWriter out) {
        out.println("| key | default | a run keeps it | meaning |");
        out.println("| --- | --- | --- | --- |");
        for (ConfigKey key : ConfigLoader.keys()) {
            String kept = key.effect() == Effect.STRUCTURE ? "yes" : "";
            out.println("| `" + key.name() + "` | `" + key.defaultValue() + "` | " + kept + " | "
                    + PresetPage.meaning(key) + " |");
        }
        out.println(
                "| `kafka.*` | | | passed unchanged to every Kafka client; `kafka.consumer.*`, `kafka.producer.*`, `kafka.admin.*`"
                        + " only to those |");
    }

    private static String escaped(String value) {
        return value.replace("\\", "\\\\").replace("\n", "\\n");
    }
}
