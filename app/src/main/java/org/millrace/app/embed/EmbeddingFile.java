package org.millrace.app.embed;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.millrace.contract.UserException;

/**
 * A file of embeddings, written atomically: under another name beside it, then renamed by {@link #finish}; closed without that, it leaves
 * nothing. Not thread safe.
 */
public sealed interface EmbeddingFile extends AutoCloseable permits NpyFile, JsonLinesFile, ParquetFile {
    /** Opens the file in the format of its extension; throws {@link UserException} for an unknown extension. */
    static EmbeddingFile create(Path file, long version, int dimension) throws IOException {
        return switch (Form.of(file)) {
            case NPY -> new NpyFile(file, dimension);
            case JSON_LINES -> new JsonLinesFile(file, version);
            case PARQUET -> new ParquetFile(file, version);
        };
    }

    /** File formats. */
    enum Form {
        NPY(".npy"),
        PARQUET(".parquet"),
        JSON_LINES(".jsonl");

        private final String ending;

        Form(String ending) {
            this.ending = ending;
        }

        /** The format of the file's extension. */
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

    /** Moves the file into place, replacing an existing one. */
    void finish() throws IOException;

    @Override
    void close() throws IOException;
}
