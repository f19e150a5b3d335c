package org.millrace.app.embed;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.millrace.contract.OutFile;
import org.millrace.numerics.NpyFormat;

/**
 * An N×D array in NumPy's format, {@code x.npy}, and beside it {@code x.names.txt} with the name of each row's image, one per line, UTF-8;
 * a backslash or line break in a name is written {@code \\}, {@code \n}, {@code \r}.
 */
final class NpyFile implements EmbeddingFile {
    private final Path file;
    private final Path names;
    private final int dimension;
    private final FileChannel channel;
    private final BufferedWriter nameLines;
    private long rowsWritten;

    NpyFile(Path file, int dimension) throws IOException {
        this.file = file;
        this.names = namesOf(file);
        this.dimension = dimension;
        this.channel = FileChannel.open(
                OutFile.aside(file),
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE);
        this.nameLines = Files.newBufferedWriter(OutFile.aside(names), StandardCharsets.UTF_8);
        write(NpyFormat.header(0, dimension), 0);
    }

    static Path namesOf(Path file) {
        return file.resolveSibling(file.getFileName().toString().replaceFirst("\\.npy$", ".names.txt"));
    }

    @Override
    public void append(List<String> imageNames, List<float[]> rows) throws IOException {
        byte[] bytes = NpyFormat.littleEndian(rows);
        write(bytes, NpyFormat.HEADER_BYTES + rowsWritten * dimension * Float.BYTES);
        rowsWritten += rows.size();
        for (String name : imageNames) {
            nameLines.write(name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r"));
            nameLines.write('\n');
        }
    }

    @Override
    public void finish() throws IOException {
        write(NpyFormat.header(rowsWritten, dimension), 0);
        channel.force(true);
        channel.close();
        nameLines.close();
        OutFile.rename(names);
        OutFile.rename(file);
    }

    @Override
    public void close() throws IOException {
        channel.close();
        nameLines.close();
        OutFile.remove(names);
        OutFile.remove(file);
    }

    private void write(byte[] bytes, long at) throws IOException {
        ByteBuffer left = ByteBuffer.wrap(bytes);
        while (left.hasRemaining()) {
            channel.write(left, at + left.position());
        }
    }
}
