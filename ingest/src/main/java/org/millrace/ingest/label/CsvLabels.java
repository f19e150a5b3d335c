package org.millrace.ingest.label;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.millrace.contract.Count;
import org.millrace.contract.FileNames;
import org.millrace.contract.OutsideText;
import org.millrace.contract.UserException;
import org.millrace.ingest.source.EntryReader;
import org.millrace.ingest.source.FileReading;
import org.millrace.ingest.source.ImageSource;
import org.millrace.ingest.source.Names;
import org.millrace.ingest.source.SourceEntry;
import org.millrace.ingest.source.SourceException;

/**
 * Labels of a CSV file: lines {@code path,label}, fields quoted where they hold commas, a header line if the file has one. Semicolons or
 * tabs may stand for the commas if they do in every line. Bytes that are not UTF-8 become text as in the names of files.
 * An image has the label of the line with its path within the source, or with its path as the user gave it; or else of the one line
 * of whose path and the image's the longer ends with the shorter; several such lines are refused. Not thread safe.
 */
final class CsvLabels implements Labeller {
    private static final int LONGEST_LABEL = 256;
    private static final int SHOWN = 3;
    private static final char[] SEPARATORS = {',', ';', '\t'};
    private static final Set<String> PATH_TITLES =
            Set.of("path", "file", "filename", "file_name", "name", "image", "id");
    private static final Set<String> LABEL_TITLES = Set.of("label", "class", "category", "target");

    private final Path file;
    private final Map<String, Line> byPath = new HashMap<>();
    private final Map<String, List<Line>> byFileName = new HashMap<>();
    /** The position of the image that each line labelled: a line that fits two images is ambiguous. */
    private final Map<Line, String> takenBy = new HashMap<>();

    private CsvLabels(Path file) {
        this.file = file;
    }

    static CsvLabels read(Path file) {
        CsvLabels labels = new CsvLabels(file);
        try {
            String bytes = Files.readString(file, StandardCharsets.ISO_8859_1); // a character for each byte
            if (bytes.indexOf('\0') >= 0) {
                throw new UserException(
                        "push: --labels %s is not text in UTF-8 or another 8-bit encoding (UTF-16?); wanted lines of path,label in UTF-8"
                                .formatted(file));
            }
            List<String> lines =
                    bytes.replaceFirst("^\u00ef\u00bb\u00bf", "").lines().toList();
            char separator = separator(lines);
            for (int i = 0; i < lines.size(); i++) {
                labels.add(i + 1, lines.get(i), separator);
            }
        } catch (IOException e) {
            throw new UserException("push: --labels %s cannot be read: %s".formatted(file, FileReading.why(e)), e);
        }
        if (labels.byPath.isEmpty()) {
            throw new UserException("push: --labels %s holds no line of path,label".formatted(file));
        }
        return labels;
    }

    @Override
    public void requireMatch(List<ImageSource> sources) throws IOException {
        List<String> seen = new ArrayList<>();
        for (ImageSource source : sources) {
            try (EntryReader entries = source.open()) {
                for (Optional<SourceEntry> next = entries.next(); next.isPresent(); next = entries.next()) {
                    if (labelOf(next.get()).isPresent()) {
                        return;
                    }
                    if (seen.size() < SHOWN) {
                        seen.add("'" + Names.shown(next.get().origin().name()) + "'");
                    }
                }
            }
        }
        if (!seen.isEmpty()) {
            String first = byPath.values().stream()
                    .sorted(Comparator.comparingInt(Line::number))
                    .limit(SHOWN)
                    .map(line -> "'" + Names.shown(line.path()) + "'")
                    .collect(Collectors.joining(", "));
            throw new UserException(
                    "push: --labels %s fits no image: it has %s, first for %s, but the first images are %s; write each image's path within its source, or its file name"
                            .formatted(file, Count.of(byPath.size(), "label"), first, String.join(", ", seen)));
        }
    }

    @Override
    public Optional<String> labelOf(SourceEntry entry) throws SourceException {
        String name = entry.origin().name();
        String position = entry.origin().position();
        Line own = byPath.get(name);
        Line line = own != null ? own : byPath.get(bare(position));
        if (line == null) {
            List<Line> fitting = fitting(entry.origin());
            if (fitting.isEmpty()) {
                return Optional.empty();
            }
            if (fitting.size() > 1) {
                throw new SourceException(
                        "push: --labels %s has %d lines that fit %s: %s; write its path within the source"
                                .formatted(file, fitting.size(), Names.shown(position), shown(fitting)));
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

    /**
     * The lines whose path ends like the image's. Where the folders above the source decide between them, those that agree; a line of
     * another folder that shares only the file name is for another image.
     */
    private List<Line> fitting(SourceEntry.Origin origin) {
        String name = origin.name();
        List<Line> fitting = byFileName.getOrDefault(lastName(name), List.of()).stream()
                .filter(line -> endsWithOther(line.path(), name))
                .toList();
        if (fitting.isEmpty() || origin.position().equals(origin.source() + "!" + name)) {
            return fitting; // an archive may have been made in any folder
        }
        String place = bare(
                FileNames.path(origin.position()).toAbsolutePath().normalize().toString());
        List<Line> agreeing = fitting.stream()
                .filter(line -> endsWithOther(line.path(), place))
                .toList();
        return agreeing.isEmpty() && name.contains("/") ? fitting : agreeing;
    }

    private static String shown(List<Line> lines) {
        return lines.stream()
                .limit(SHOWN)
                .map(line -> "line %d ('%s')".formatted(line.number(), Names.shown(line.path())))
                .collect(Collectors.joining(", ", "", lines.size() > SHOWN ? ", …" : ""));
    }

    private void add(int number, String text, char separator) {
        if (text.isBlank()) {
            return;
        }
        List<String> fields = fields(text, separator);
        if (fields.size() != 2 || fields.get(0).isEmpty()) {
            throw new UserException("push: --labels %s line %d: wanted path,label, got %d fields: '%s'"
                    .formatted(file, number, fields.size(), Names.shown(utf8(text))));
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

    /** The comma, unless another character divides every line in two. */
    private static char separator(List<String> lines) {
        List<String> filled = lines.stream().filter(line -> !line.isBlank()).toList();
        for (char separator : SEPARATORS) {
            if (filled.stream().allMatch(line -> fields(line, separator).size() == 2)) {
                return separator;
            }
        }
        return SEPARATORS[0];
    }

    private static String utf8(String bytes) {
        return OutsideText.ofName(bytes.getBytes(StandardCharsets.ISO_8859_1));
    }

    /**
     * The fields of a line, without the quotes around them; a quote within quotes is written twice.
     *
     * @param line a character for each byte
     */
    private static List<String> fields(String line, char separator) {
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
            } else if (character == separator && !quoted) {
                fields.add(utf8(field.toString().strip()).strip());
                field.setLength(0);
            } else {
                field.append(character);
            }
        }
        fields.add(utf8(field.toString().strip()).strip());
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
