package org.millrace.contract;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class CountTest {
    @ParameterizedTest
    @CsvSource({
        "0, image, 0 images",
        "1, image, 1 image",
        "2, held-out image, 2 held-out images",
        "1200, key, '1,200 keys'",
        "3, class, 3 classes",
        "5, batch, 5 batches",
    })
    void of_number_agreesWithTheNoun(long number, String noun, String words) {
        assertThat(Count.of(number, noun)).isEqualTo(words);
    }
}
