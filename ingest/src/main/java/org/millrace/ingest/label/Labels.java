package org.millrace.ingest.label;

import static org.millrace.contract.Check.check;

import java.nio.file.Path;
import org.millrace.contract.FileNames;

/** Where the labels of images come from. */
public sealed interface Labels {
    /** From the labels file beside an IDX file, where there is one; nothing else has labels. */
    record Automatic() implements Labels {}

    record None() implements Labels {}

    /** The name of the folder that the image lies in. */
    record FromFolder() implements Labels {}

    /** A CSV file of {@code path,label} lines, or an IDX file of labels. */
    record FromFile(Path file) implements Labels {}

    /** Reads {@code auto}, {@code none}, {@code folder}, or else the path of a file. */
    static Labels parse(String text) {
        check(!text.isBlank(), "--labels must be folder, none, auto or a file, but was blank");
        return switch (text) {
            case "auto" -> new Automatic();
            case "none" -> new None();
            case "folder" -> new FromFolder();
            default -> new FromFile(FileNames.path(text));
        };
    }
}
