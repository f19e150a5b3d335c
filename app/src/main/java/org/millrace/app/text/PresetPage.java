package org.millrace.app.text;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.millrace.contract.config.ConfigKey;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.Preset;

/** A preset as a page of docs/presets: its source, its published figure, and every key that it sets. */
public final class PresetPage {
    private static final Set<String> TOPICS = Set.of("Source", "Figure", "Setup", "Differs", "Not measured here");

    private PresetPage() {}

    public static void print(PrintWriter out, Preset preset) {
        out.println("# `" + preset.name() + "`");
        out.println();
        out.println(preset.title() + ".");
        out.println();
        topics(preset.header()).forEach(topic -> out.println("- " + topic));
        out.println();
        out.println("```");
        out.println("./millrace up --preset " + preset.name() + " photos");
        out.println("```");
        out.println();
        out.println("| key | this preset | default | meaning |");
        out.println("| --- | --- | --- | --- |");
        for (ConfigKey key : ConfigLoader.keys()) {
            String value = preset.values().get(key.name());
            if (value != null) {
                out.println("| `" + key.name() + "` | `" + value + "` | `" + key.defaultValue() + "` | " + meaning(key)
                        + " |");
            }
        }
    }

    /** A key's meaning as a cell of a table. */
    public static String meaning(ConfigKey key) {
        return key.doc().replace("|", "\\|");
    }

    /** The prose below the title, one paragraph per topic. */
    private static List<String> topics(List<String> header) {
        List<String> topics = new ArrayList<>();
        for (String line : header.subList(1, header.size())) {
            int colon = line.indexOf(": ");
            if (colon > 0 && TOPICS.contains(line.substring(0, colon))) {
                topics.add("**" + line.substring(0, colon) + "**" + line.substring(colon));
            } else if (!line.isBlank() && !topics.isEmpty()) {
                topics.set(topics.size() - 1, topics.get(topics.size() - 1) + " " + line);
            }
        }
        return topics;
    }
}
