package org.millrace.server.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Parses a response in the text format of Prometheus, version 0.0.4, line by line; fails on any other line. */
public final class Scrape {
    private static final Pattern COMMENT = Pattern.compile("# (HELP \\S+ .+|TYPE \\S+ (counter|gauge))");
    private static final Pattern SAMPLE = Pattern.compile("([a-z_]+)(?:\\{(.*)})? (\\S+)");
    private static final Pattern LABEL = Pattern.compile("([a-z_]+)=\"((?:[^\"\\\\]|\\\\[\\\\n\"])*)\",?");

    private static final Pattern ESCAPED = Pattern.compile("\\\\(.)");

    private final Map<String, Map<Map<String, String>, Double>> samples = new LinkedHashMap<>();

    public Scrape(String text) {
        for (String line : text.lines().toList()) {
            if (line.startsWith("#")) {
                assertThat(line).matches(COMMENT);
            } else if (!line.isEmpty()) {
                add(line);
            }
        }
    }

    private void add(String line) {
        Matcher sample = SAMPLE.matcher(line);
        assertThat(sample.matches()).as(line).isTrue();
        Map<String, String> labels = new TreeMap<>();
        String rest = sample.group(2) == null ? "" : sample.group(2);
        Matcher label = LABEL.matcher(rest);
        int end = 0;
        while (label.find(end) && label.start() == end) {
            labels.put(label.group(1), unescaped(label.group(2)));
            end = label.end();
        }
        assertThat(end).as(line).isEqualTo(rest.length());
        Double before = samples.computeIfAbsent(sample.group(1), name -> new LinkedHashMap<>())
                .put(labels, Double.valueOf(sample.group(3)));
        assertThat(before).as("twice: %s", line).isNull();
    }

    private static String unescaped(String text) {
        return ESCAPED.matcher(text).replaceAll(found -> found.group(1).equals("n") ? "\n" : "\\" + found.group(1));
    }

    /** The names of all metrics with a line. */
    public Set<String> names() {
        return new TreeSet<>(samples.keySet());
    }

    /** The only value of a metric with the label run and exactly the given labels (name, value, name, value …). */
    public double value(String name, String run, String... labels) {
        Map<String, String> wanted = new TreeMap<>(Map.of("run", run));
        for (int i = 0; i < labels.length; i += 2) {
            wanted.put(labels[i], labels[i + 1]);
        }
        Map<Map<String, String>, Double> found = samples.getOrDefault(name, Map.of());
        assertThat(found).as(name).containsKey(wanted);
        return found.getOrDefault(wanted, Double.NaN);
    }
}
