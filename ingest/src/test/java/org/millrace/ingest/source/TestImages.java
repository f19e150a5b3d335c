package org.millrace.ingest.source;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.imageio.ImageIO;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/** Small real images and the files that hold them. */
public final class TestImages {
    private TestImages() {}

    public static byte[] png(int shade) {
        return encoded("png", shade);
    }

    public static byte[] encoded(String format, int shade) {
        BufferedImage image = new BufferedImage(6, 4, BufferedImage.TYPE_INT_RGB);
        image.setRGB(1, 1, 0x010203 * shade);
        var out = new ByteArrayOutputStream();
        try {
            if (!ImageIO.write(image, format, out)) {
                throw new IllegalArgumentException("no writer for " + format);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    public static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    public static Path write(Path file, byte[] bytes) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        return Files.write(file, bytes);
    }

    public static Path folder(Path folder, Map<String, byte[]> files) throws IOException {
        for (var file : files.entrySet()) {
            write(folder.resolve(file.getKey()), file.getValue());
        }
        return folder;
    }

    public static Path tar(Path file, Map<String, byte[]> entries) throws IOException {
        OutputStream raw = Files.newOutputStream(file);
        OutputStream out = file.toString().endsWith("gz") ? new GZIPOutputStream(raw) : raw;
        try (var tar = new TarArchiveOutputStream(out, "UTF-8")) {
            tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_GNU);
            for (var entry : entries.entrySet()) {
                var header = new TarArchiveEntry(entry.getKey(), true);
                header.setSize(entry.getValue().length);
                header.setModTime(1_700_000_000_000L);
                tar.putArchiveEntry(header);
                tar.write(entry.getValue());
                tar.closeArchiveEntry();
            }
        }
        return file;
    }

    public static Path zip(Path file, Map<String, byte[]> entries) throws IOException {
        try (var zip = new ZipOutputStream(Files.newOutputStream(file))) {
            for (var entry : entries.entrySet()) {
                zip.putNextEntry(new ZipEntry(entry.getKey()));
                zip.write(entry.getValue());
                zip.closeEntry();
            }
        }
        return file;
    }

    /** Images whose pixel (y, x) of image i is i + 10y + x. */
    public static Path idxImages(Path file, int images, int height, int width) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(16 + images * height * width);
        buffer.putInt(0x0803).putInt(images).putInt(height).putInt(width);
        for (int i = 0; i < images; i++) {
            for (int y = 0; y < height; y++) {
                for (int x = 0; x < width; x++) {
                    buffer.put((byte) (i + 10 * y + x));
                }
            }
        }
        return idx(file, buffer.array());
    }

    public static Path idxLabels(Path file, int... labels) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(8 + labels.length);
        buffer.putInt(0x0801).putInt(labels.length);
        for (int label : labels) {
            buffer.put((byte) label);
        }
        return idx(file, buffer.array());
    }

    private static Path idx(Path file, byte[] bytes) throws IOException {
        OutputStream raw = Files.newOutputStream(file);
        try (OutputStream out = file.toString().endsWith("gz") ? new GZIPOutputStream(raw) : raw) {
            out.write(bytes);
        }
        return file;
    }
}
