package org.millrace.keystore;

import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.millrace.contract.ImageOffset;

final class KeyBatchTest {
    private static final List<ImageOffset> IMAGES = List.of(new ImageOffset(0, 1), new ImageOffset(0, 2));

    @Test
    void batch_wrongLength_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new KeyBatch(0, 3, new float[5], IMAGES))
                .withMessage("keys must have images × dimension = 2 × 3 numbers, but had 5");
    }

    @Test
    void batch_withoutKeys_isRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> new KeyBatch(0, 3, new float[0], List.of()));
    }

    @Test
    void batch_negativeStep_isRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> new KeyBatch(-1, 3, new float[6], IMAGES));
    }
}
