package org.millrace.contract.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class NearestTest {
    @ParameterizedTest
    @CsvSource({
        "kitten, sitting, 3",
        "flaw, lawn, 2",
        "'', abc, 3",
        "abc, '', 3",
        "same, same, 0",
        "trainer.batchsize, trainer.batch-size, 1",
    })
    void distance_knownPairs_knownDistances(String from, String to, int distance) {
        assertThat(Nearest.distance(from, to)).isEqualTo(distance);
        assertThat(Nearest.distance(to, from)).isEqualTo(distance);
    }

    @Test
    void of_mistypedWord_closestOne() {
        assertThat(Nearest.of("moment", List.of("temperature", "momentum", "seed")))
                .isEqualTo("momentum");
    }

    @Test
    void of_equallyClose_firstOfThem() {
        assertThat(Nearest.of("b", List.of("a", "c"))).isEqualTo("a");
    }

    @Test
    void of_nothingKnown_throws() {
        assertThatThrownBy(() -> Nearest.of("a", List.of())).isInstanceOf(IllegalArgumentException.class);
    }
}
