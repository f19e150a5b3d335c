package org.millrace.app.embed;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.millrace.contract.UserException;

/**
 * A file of embeddings that is there whole or not at all: written under another name beside it, renamed by {@link #finish}. Not thread
 * safe. Closed without that, it leaves nothing.
 */
public sealed interface EmbeddingFile extends AutoCloseable permits NpyFile, JsonLinesFile, ParquetFile {
    /** Begins the file whose form its name's ending says; throws {@link UserException} where the ending is none of them. */
    static EmbeddingFile create(Path file, long version, int dimension) throws IOException {
        return switch (Form.of(file)) {
            case NPY -> new NpyFile(file, dimension);
            case JSON_LINES -> new JsonLinesFile(file, version);
            case PARQUET -> new ParquetFile(file, version);
        };
    }

    /** The forms that there are. */
    enum Form {
        NPY(".npy"),
        PARQUET(".parquet"),
        JSON_LINES(".jsonl");

        private final String ending;

        Form(String ending) {
            this.ending = ending;
        }

        /** By the ending of its name. */
        public static Form of(Path file) {
            for (Form form : values()) {
                if (file.toString().endsWith(form.ending)) {
                    return form;
                }
            }
            throw new UserException("--out must end with .npy, .parquet or .jsonl, but was " + file);
        }
    }

    /** Adds rows of D features, with the names of their images. */
    void append(List<String> names, List<float[]> rows) throws IOException;

    /** Puts the file in its place, over what stood there. */
    void finish() throws IOException;

    @Override
    void close() throws IOException;

    /** Where a file is written before it is whole. */
    static Path aside(Path file) {
        return file.resolveSibling("." + file.getFileName() + ".unfinished");
    }

    /** Puts a file that was written aside in its place. */
    static void rename(Path file) throws IOException {
        Files.move(aside(file), file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
