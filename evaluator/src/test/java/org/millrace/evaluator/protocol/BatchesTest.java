package org.millrace.evaluator.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class BatchesTest {
    @ParameterizedTest
    @CsvSource({"1,4,1", "4,4,1", "5,4,1", "6,4,2", "9,4,2", "10,4,3", "600,256,3"})
    void of_anyNumber_takesEachOnceAndNeverOneAlone(int examples, int batchSize, int count) {
        List<int[]> batches = Batches.of(examples, batchSize, 3, 7);
        assertThat(batches).hasSize(count);
        assertThat(batches.stream().flatMapToInt(Arrays::stream).sorted().toArray())
                .isEqualTo(IntStream.range(0, examples).toArray());
        assertThat(batches)
                .allSatisfy(batch -> assertThat(batch.length).isBetween(Math.min(2, examples), batchSize + 1));
    }

    @Test
    void of_otherEpochOrSeed_isAnotherOrder() {
        int[] first = Batches.of(100, 32, 3, 7).get(0);
        assertThat(Batches.of(100, 32, 3, 7).get(0)).isEqualTo(first);
        assertThat(Batches.of(100, 32, 3, 8).get(0)).isNotEqualTo(first);
        assertThat(Batches.of(100, 32, 4, 7).get(0)).isNotEqualTo(first);
    }
}
