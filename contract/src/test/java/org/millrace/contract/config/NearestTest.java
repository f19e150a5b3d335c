package org.millrace.contract.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class NearestTest {
    @ParameterizedTest
    @CsvSource({
        "kitten, sitting, 3",
        "flaw, lawn, 2",
        "'', abc, 3",
        "abc, '', 3",
        "same, same, 0",
        "trainer.batchsize, trainer.batch-size, 1",
        "lable, label, 1",
    })
    void distance_knownPairs_knownDistances(String from, String to, int distance) {
        assertThat(Nearest.distance(from, to)).isEqualTo(distance);
        assertThat(Nearest.distance(to, from)).isEqualTo(distance);
    }

    @ParameterizedTest
    @CsvSource({
        "momentun, momentum",
        "lable, label",
        "sede, run.seed",
        "batch-size, trainer.batch-size",
        "trainer.batchsize, trainer.batch-size",
        "run.sed, run.seed",
    })
    void of_mistypedWord_closestOne(String typed, String meant) {
        assertThat(Nearest.of(typed, List.of("momentum", "label", "run.seed", "trainer.batch-size", "split")))
                .contains(meant);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "x", "foo", "banana", "color", "trainer.colour", "trainer.x", "http.batch-sizes.of.all"})
    void of_wordUnlikeAllOthers_none(String typed) {
        assertThat(Nearest.of(
                        typed,
                        List.of("id", "label", "split", "source", "captured-at", "trainer.batch-size", "run.seed")))
                .isEmpty();
    }

    @Test
    void of_equallyClose_firstOfThem() {
        assertThat(Nearest.of("seedb", List.of("seeda", "seedc"))).contains("seeda");
    }
}
