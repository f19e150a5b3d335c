package org.millrace.app.export;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.config.ConfigLoader;

/** The Python code of a model card that creates the network. */
class NetworkCodeTest {
    @ParameterizedTest
    @ValueSource(strings = {"resnet20", "resnet18", "resnet50"})
    void text_norm_codeHasTheEncodersOwn(String architecture) {
        assertThat(code(architecture, "batch")).doesNotContain("group_norm", "NORM(");
        assertThat(code(architecture, "group"))
                .contains("nn.GroupNorm(max(1, min(32, channels // 2)), channels)")
                .contains(architecture.equals("resnet20") ? "group_norm(16)" : "(norm_layer=group_norm)")
                .doesNotContain("BatchNorm", "NORM(");
    }

    private static String code(String architecture, String norm) {
        var config = new ConfigLoader()
                .assignments(List.of("encoder.architecture=" + architecture, "encoder.norm=" + norm))
                .load();
        return new NetworkCode(config.encoder()).text();
    }
}
