package org.millrace.trainer.stream;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class BatchMixTest {
    @ParameterizedTest
    @CsvSource({
        "0.25, 74, 100", // one of the other 75 is lacking
        "0.25, 75, 25",
        "0.001, 1000, 1",
        "1, 1000, 100"
    })
    void fresh_share_orAllWhileTheBufferLacksTheOthers(double share, int available, int fresh) {
        assertThat(new BatchMix(100, share).fresh(available)).isEqualTo(fresh);
    }

    /** Of 100 images, 25 of them new. */
    @ParameterizedTest
    @CsvSource({
        "0.4, 50, 900, 15", // q·100 − 25
        "0.25, 50, 900, 0",
        "0.125, 50, 900, 0", // fewer than are new anyway
        "0.404, 50, 900, 15",
        "0.406, 50, 900, 16",
        "0.75, 20, 900, 20", // all that the tier has
        "0.25, 70, 10, 65", // what the long-term tier lacks
        "0.4, 75, 0, 75", // nothing is long-term yet
        "0, 0, 900, 0" // a buffer without tiers
    })
    void shortTerm_fillsItsShareOrWhatTheLongTermTierLacks(double share, int shortTerm, int longTerm, int drawn) {
        assertThat(new BatchMix(100, 0.25).shortTerm(25, share, shortTerm, longTerm))
                .isEqualTo(drawn);
    }

    @ParameterizedTest
    @CsvSource({"0.25, 0, 0", "0.75, 30, 20"})
    void shortTerm_wholeBatchIsNew_none(double share, int shortTerm, int longTerm) {
        assertThat(new BatchMix(100, 0.25).shortTerm(100, share, shortTerm, longTerm))
                .isZero();
    }
}
