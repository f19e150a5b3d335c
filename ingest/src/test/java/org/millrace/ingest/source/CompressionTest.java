package org.millrace.ingest.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.commons.compress.compressors.CompressorException;
import org.apache.commons.compress.compressors.CompressorStreamFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.millrace.contract.UserException;
import org.millrace.ingest.label.Labels;
import org.millrace.ingest.push.PushRequest;
import org.millrace.ingest.push.TestPush;

/** Archives that are compressed as a whole, and those that are not read. */
final class CompressionTest {
    @TempDir
    Path temporary;

    private final TestPush push = new TestPush();

    @ParameterizedTest
    @CsvSource({
        "gz, a.tar.gz", "gz, a.tgz", "gz, no name says it",
        "bzip2, a.tar.bz2", "bzip2, a.tbz2", "bzip2, no name says it",
        "xz, a.tar.xz", "xz, a.txz", "xz, no name says it",
        "zstd, a.tar.zst", "zstd, a.tzst", "zstd, no name says it"
    })
    void push_compressedTar_isRead(String compression, String name) throws Exception {
        Path archive = compressed(compression, tar(), temporary.resolve(name));

        push.push(TestPush.probe(archive).withLabels(new Labels.FromFolder()).withOrder(PushRequest.Order.BY_LABEL, 1));

        assertThat(push.sent("probe").stream()
                        .map(record -> TestPush.label(record).orElseThrow()))
                .containsExactly("cat", "dog");
        assertThat(push.rejects()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"gz", "bzip2", "xz", "zstd"})
    void push_compressedTarCutShort_saysWhich(String compression) throws Exception {
        Path archive = compressed(compression, tar(), temporary.resolve("a.tar." + compression));
        byte[] whole = Files.readAllBytes(archive);
        for (int length : new int[] {whole.length - 1, whole.length / 2, 12, 6}) {
            Files.write(archive, Arrays.copyOf(whole, length));
            try {
                new TestPush().push(TestPush.images(archive));
            } catch (UserException e) {
                assertThat(e)
                        .hasMessageStartingWith("push: " + archive + " is ")
                        .message()
                        .doesNotContain("null");
            }
        }
        Files.write(archive, Arrays.copyOf(whole, whole.length / 2));
        assertThatThrownBy(() -> push.push(TestPush.images(archive)))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith("push: " + archive + " is ");
    }

    @Test
    void push_compressedImage_isRefusedByName() throws Exception {
        Path file = compressed("xz", TestImages.png(1), temporary.resolve("1.png.xz"));
        assertThatThrownBy(() -> push.push(TestPush.images(file)))
                .hasMessage("push: " + file + " is compressed with xz, but holds no tar");
    }

    @ParameterizedTest
    @CsvSource({
        "377abcaf271c0004, a 7z archive",
        "526172211a0701, a RAR archive",
        "526172211a0700, a RAR archive",
        "4d53434600000000, a CAB archive",
        "04224d1864, compressed with lz4",
        "4c5a495001, compressed with lzip",
        "1f9d90, compressed with compress (.Z)",
        "213c617263683e0a, an ar archive",
        "303730373031, a cpio archive",
        "50415231, a Parquet file",
        "894844460d0a1a0a, an HDF5 file",
        "5d00008000ffffffff, compressed with lzma",
        "255044462d, a PDF file"
    })
    void push_archiveThatIsNotRead_isRefusedByName(String hex, String words) throws IOException {
        Path file = Files.write(
                temporary.resolve("images.bin"), java.util.HexFormat.of().parseHex(hex));
        assertThatThrownBy(() -> push.push(TestPush.probe(file).withLabels(new Labels.FromFolder())))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith("push: " + file + " is " + words + ", which Millrace does not read: unpack it");
        assertThat(push.producer.history()).isEmpty();
    }

    private byte[] tar() throws IOException {
        Map<String, byte[]> files = new LinkedHashMap<>();
        files.put("dog/1.png", TestImages.png(1));
        files.put("cat/1.png", TestImages.png(2));
        return Files.readAllBytes(TestImages.tar(temporary.resolve("plain"), files));
    }

    private static Path compressed(String compression, byte[] bytes, Path file)
            throws IOException, CompressorException {
        String name = compression.equals("zstd") ? CompressorStreamFactory.ZSTANDARD : compression;
        try (OutputStream out =
                new CompressorStreamFactory().createCompressorOutputStream(name, Files.newOutputStream(file))) {
            out.write(bytes);
        }
        return file;
    }
}
