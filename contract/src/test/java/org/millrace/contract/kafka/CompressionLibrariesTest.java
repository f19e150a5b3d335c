package org.millrace.contract.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.utils.BufferSupplier;
import org.apache.kafka.common.utils.ByteBufferOutputStream;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@EnabledOnOs(OS.LINUX)
class CompressionLibrariesTest {
    @ParameterizedTest
    @EnumSource(
            value = CompressionType.class,
            names = {"LZ4", "SNAPPY", "ZSTD"})
    void compress_afterSettingsWereAskedFor_worksAndLeavesNoFileBehind(CompressionType type) throws Exception {
        new KafkaSettings("localhost:1", Map.of()).producer(Map.of());

        byte[] text = "the same words again ".repeat(500).getBytes(StandardCharsets.UTF_8);
        Compression compression = Compression.of(type).build();
        var compressed = new ByteBufferOutputStream(64);
        try (var out = compression.wrapForOutput(compressed, (byte) 2)) {
            out.write(text);
        }
        ByteBuffer bytes = compressed.buffer().flip();
        assertThat(bytes.remaining()).isLessThan(text.length / 2);
        try (var in = compression.wrapForInput(bytes, (byte) 2, BufferSupplier.NO_CACHING)) {
            assertThat(in.readAllBytes()).isEqualTo(text);
        }

        List<String> mapped = Files.readAllLines(Path.of("/proc/self/maps")).stream()
                .filter(line -> line.matches(".*/(liblz4-java-|snappy-|libzstd-jni).*"))
                .toList();
        assertThat(mapped).as("the libraries are the native ones").isNotEmpty();
        assertThat(mapped).as("a killed process would leave these files").allMatch(line -> line.endsWith("(deleted)"));
    }
}
