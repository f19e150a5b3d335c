package org.millrace.app.embed;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.millrace.contract.OutFile;
import org.millrace.contract.event.Json;

/** A line {@code {"name": …, "version": …, "embedding": […]}} for each image. */
final class JsonLinesFile implements EmbeddingFile {
    private final Path file;
    private final long version;
    private final OutputStream out;

    JsonLinesFile(Path file, long version) throws IOException {
        this.file = file;
        this.version = version;
        this.out = new BufferedOutputStream(Files.newOutputStream(OutFile.aside(file)));
    }

    @Override
    public void append(List<String> names, List<float[]> rows) throws IOException {
        for (int i = 0; i < names.size(); i++) {
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("name", names.get(i));
            line.put("version", version);
            line.put("embedding", rows.get(i));
            out.write(Json.write(line));
            out.write('\n');
        }
    }

    @Override
    public void finish() throws IOException {
        out.close();
        OutFile.rename(file);
    }

    @Override
    public void close() throws IOException {
        out.close();
        OutFile.remove(file);
    }
}
