package org.millrace.contract.event;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.millrace.contract.kafka.LogIdentity;

final class EngineWordsTest {
    @Test
    void read_wordsOfAnOlderRecord_areThePresentOnes() {
        assertThat(EngineWords.read("PyTorch 2.5.1 on cpu(), 1 threads"))
                .isEqualTo(EngineWords.of("PyTorch 2.5.1", OptionalInt.empty(), 1))
                .isEqualTo("PyTorch 2.5.1 on CPU, 1 thread");
        assertThat(EngineWords.read("PyTorch 2.5.1 on gpu(1), 16 threads, bf16, ONEDNN_MAX_CPU_ISA=AVX2"))
                .isEqualTo("PyTorch 2.5.1 on GPU 1, 16 threads, bf16, ONEDNN_MAX_CPU_ISA=AVX2");
    }

    @Test
    void engine_ofAnOlderStartRecord_isInThePresentWords() {
        var started = new RunStarted(
                JournalEvent.SCHEMA,
                0,
                "session",
                "host",
                "PyTorch 2.7.1 on cpu(), 2 threads",
                new LogIdentity("cluster", "topic"),
                Map.of(),
                7);
        assertThat(started.engine()).isEqualTo("PyTorch 2.7.1 on CPU, 2 threads");
    }

    @Test
    void read_otherWords_asTheyAre() {
        for (String words : new String[] {
            "PyTorch 2.5.1 on CPU, 2 threads",
            "PyTorch 2.5.1 on GPU 0, 1 thread",
            "PyTorch 2.5.1 on cpu(), 99999999999 threads",
            "PyTorch 2.5.1 on gpu(99999999999), 1 threads",
            ""
        }) {
            assertThat(EngineWords.read(words)).isEqualTo(words);
        }
    }
}
