package org.millrace.contract.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ChunksTest {
    @ParameterizedTest
    @CsvSource({"0, 0", "1, 1", "523264, 1", "523265, 2", "1500000, 3"})
    void joined_piecesOfAFile_theFile(int length, int pieces) {
        byte[] file = new byte[length];
        new Random(length).nextBytes(file);
        List<byte[]> chunks = Chunks.of(file);
        assertThat(chunks)
                .hasSize(pieces)
                .allSatisfy(chunk -> assertThat(chunk.length).isBetween(1, 511 * 1024));
        assertThat(Chunks.joined(chunks)).isEqualTo(file);
    }
}
