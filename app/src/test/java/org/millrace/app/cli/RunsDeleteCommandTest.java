package org.millrace.app.cli;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.StringReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.UserException;

class RunsDeleteCommandTest {
    @Test
    void requireConfirmed_nameOfTheRun_passes() {
        assertThatCode(() -> RunsDeleteCommand.requireConfirmed(new StringReader(" main \nmore"), "main"))
                .doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n", "y", "yes", "Main", "main2"})
    void requireConfirmed_anythingElse_deletesNothing(String answer) {
        assertThatThrownBy(() -> RunsDeleteCommand.requireConfirmed(new StringReader(answer), "main"))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("nothing was deleted")
                .hasMessageContaining("--yes");
    }
}
