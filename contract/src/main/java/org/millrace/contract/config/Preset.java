package org.millrace.contract.config;

import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.millrace.contract.UserException;

/**
 * A published recipe by name: keys of the configuration with their values, and a header that says where they come from, what figure
 * they reached in which setup, and what was not measured here.
 *
 * @param header lines of prose; the first is a title
 */
public record Preset(String name, List<String> header, Map<String, String> values) {
    private static final String FOLDER = "/org/millrace/contract/presets/";
    private static final List<String> NAMES = List.of(
            "moco-v1-imagenet",
            "moco-v2-imagenet",
            "moco-v3-imagenet",
            "moco-v3-vit-imagenet",
            "moco-v2-cifar",
            "moco-v2-cifar-small",
            "moco-v2-cifar-solo",
            "byol-imagenet",
            "byol-cifar",
            "simclr-imagenet",
            "simclr-cifar",
            "amdim-cifar",
            "instdisc-imagenet",
            "end-to-end");

    public Preset {
        header = List.copyOf(header);
        values = Map.copyOf(values);
    }

    /** Every name, in the order in which a list shows them. */
    public static List<String> names() {
        return NAMES;
    }

    /** Throws {@link UserException} where there is no preset of that name. */
    public static Preset named(String name) {
        if (!NAMES.contains(name)) {
            throw new UserException("there is no preset '" + name + "'" + Nearest.question(name, NAMES) + "\nPresets: "
                    + String.join(", ", NAMES));
        }
        String file = FOLDER + name + ".properties";
        try (InputStream in = Preset.class.getResourceAsStream(file)) {
            if (in == null) {
                throw new LinkageError("the jar lacks " + file);
            }
            return parse(name, new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        }
    }

    /** What the preset is, in one line. */
    public String title() {
        return header.get(0);
    }

    static Preset parse(String name, String text) throws IOException {
        Properties properties = new Properties();
        properties.load(new StringReader(text));
        Map<String, String> values = new TreeMap<>();
        properties.stringPropertyNames().forEach(key -> values.put(key, properties.getProperty(key)));
        List<String> header = text.lines()
                .takeWhile(line -> line.startsWith("#"))
                .map(line -> line.substring(1).strip())
                .toList();
        return new Preset(name, header, values);
    }
}
