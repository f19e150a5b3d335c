package org.millrace.ingest;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.millrace.contract.UserException;

/**
 * Labels of a CSV file: lines {@code path,label}, UTF-8, fields quoted where they hold commas, a header line if the file has one.
 * An image has the label of the line with its path within the source, or with its path as the user gave it; or else of the one line
 * of whose path and the image's the longer ends with the shorter. Not thread safe.
 */
final class CsvLabels implements Labeller {
    private static final int LONGEST_LABEL = 256;
    private static final Set<String> PATH_TITLES =
            Set.of("path", "file", "filename", "file_name", "name", "image", "id");
    private static final Set<String> LABEL_TITLES = Set.of("label", "class", "category", "target");

    private final Path file;
    private final Map<String, Line> byPath = new HashMap<>();
    private final Map<String, List<Line>> byFileName = new HashMap<>();
    /** The position of the image that a line gave its label to: a line that fits two images fits neither for certain. */
    private final Map<Line, String> takenBy = new HashMap<>();

    private CsvLabels(Path file) {
        this.file = file;
    }

    static CsvLabels read(Path file) {
        CsvLabels labels = new CsvLabels(file);
        try {
            List<String> lines = Files.readAllLines(file, StandardCharsets.UTF_8);
            for (int i = 0; i < lines.size(); i++) {
                labels.add(i + 1, i == 0 ? lines.get(i).replaceFirst("^\ufeff", "") : lines.get(i));
            }
        } catch (CharacterCodingException e) {
            throw new UserException(
                    "push: --labels %s is not UTF-8 text; wanted lines of path,label".formatted(file), e);
        } catch (IOException e) {
            throw new UserException("push: --labels %s cannot be read: %s".formatted(file, FileReading.why(e)), e);
        }
        if (labels.byPath.isEmpty()) {
            throw new UserException("push: --labels %s holds no line of path,label".formatted(file));
        }
        return labels;
    }

    @Override
    public Optional<String> labelOf(SourceEntry entry) throws SourceException {
        String name = entry.origin().name();
        String position = entry.origin().position();
        Line own = byPath.get(name);
        Line line = own != null ? own : byPath.get(bare(position));
        if (line == null) {
            List<Line> fitting = byFileName.getOrDefault(lastName(name), List.of()).stream()
                    .filter(other -> endsWithOther(other.path(), name))
                    .toList();
            if (fitting.size() != 1) {
                return Optional.empty();
            }
            line = fitting.get(0);
        }
        String other = takenBy.putIfAbsent(line, position);
        if (other != null && !other.equals(position)) {
            throw new SourceException(
                    "push: --labels %s line %d ('%s') fits two images: %s and %s; write their paths within the source"
                            .formatted(file, line.number(), line.path(), Names.shown(other), Names.shown(position)));
        }
        return Optional.of(line.label());
    }

    private void add(int number, String text) {
        if (text.isBlank()) {
            return;
        }
        List<String> fields = fields(text);
        if (fields.size() != 2 || fields.get(0).isEmpty()) {
            throw new UserException("push: --labels %s line %d: wanted path,label, got %d fields: '%s'"
                    .formatted(file, number, fields.size(), Names.shown(text)));
        }
        String path = bare(fields.get(0));
        String label = fields.get(1);
        if ((number == 1 && isHeader(path, label)) || label.isEmpty()) {
            return; // an empty label is none
        }
        if (label.length() > LONGEST_LABEL) {
            throw new UserException("push: --labels %s line %d: a label has at most %d characters, but this one has %d"
                    .formatted(file, number, LONGEST_LABEL, label.length()));
        }
        Line line = new Line(number, path, label);
        Line before = byPath.putIfAbsent(path, line);
        if (before == null) {
            byFileName
                    .computeIfAbsent(lastName(path), key -> new ArrayList<>(1))
                    .add(line);
        } else if (!before.label().equals(label)) {
            throw new UserException("push: --labels %s: '%s' is '%s' on line %d and '%s' on line %d"
                    .formatted(file, path, before.label(), before.number(), label, number));
        }
    }

    private static String bare(String path) {
        return path.replace('\\', '/').replaceFirst("^(\\./)+", "");
    }

    private static boolean isHeader(String path, String label) {
        return PATH_TITLES.contains(path.toLowerCase(Locale.ROOT))
                || LABEL_TITLES.contains(label.toLowerCase(Locale.ROOT));
    }

    /** The fields of a line, without the quotes around them; a quote within quotes is written twice. */
    private static List<String> fields(String line) {
        List<String> fields = new ArrayList<>();
        StringBuilder field = new StringBuilder();
        boolean quoted = false;
        for (int i = 0; i < line.length(); i++) {
            char character = line.charAt(i);
            if (character == '"' && quoted && i + 1 < line.length() && line.charAt(i + 1) == '"') {
                field.append('"');
                i++;
            } else if (character == '"' && (quoted || field.toString().isBlank())) {
                quoted = !quoted;
            } else if (character == ',' && !quoted) {
                fields.add(field.toString().strip());
                field.setLength(0);
            } else {
                field.append(character);
            }
        }
        fields.add(field.toString().strip());
        return fields;
    }

    private static boolean endsWithOther(String left, String right) {
        String longer = left.length() >= right.length() ? left : right;
        String shorter = left.length() >= right.length() ? right : left;
        return longer.equals(shorter) || longer.endsWith("/" + shorter);
    }

    private static String lastName(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    private record Line(int number, String path, String label) {}
}
