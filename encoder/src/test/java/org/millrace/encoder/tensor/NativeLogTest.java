package org.millrace.encoder.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.millrace.contract.config.ConfigLoader;

final class NativeLogTest {
    @Test
    void errorsOnly_engineRuns_libtorchSaysNoWarnings() {
        Torch.start(new ConfigLoader().load().run());
        assertThat(NativeLog.level())
                .hasValueSatisfying(level -> assertThat(level.getInt(0)).isEqualTo(2));
    }
}
