package org.millrace.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands that only look: at a run where there is one, and at the commands themselves. */
final class LookingCommandsTest {
    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "learning",
                "audit",
                "inspect run",
                "encoders list",
                "slots",
                "replay",
                "runs list",
                "runs compare a b"
            })
    void look_folderWithoutABroker_saysSoAndStartsNone(String command) {
        Path data = folder.resolve("data");
        StringWriter error = new StringWriter();
        String[] arguments = (command + " --set=run.data=" + data).split(" ");
        assertThat(MillraceCommandLine.run(
                        new PrintWriter(new StringWriter()), new PrintWriter(error, true), arguments))
                .as("%s", error)
                .isEqualTo(1);
        assertThat(error.toString()).contains("no broker is named, and the data folder " + data + " has none");
        assertThat(data.resolve("broker")).doesNotExist();
    }

    @Test
    void completion_offersTheWordsThatOptionsTake() {
        StringWriter out = new StringWriter();
        assertThat(MillraceCommandLine.run(
                        new PrintWriter(out, true), new PrintWriter(new StringWriter()), new String[] {"completion"}))
                .isZero();
        assertThat(out.toString())
                .contains("(\"images\" \"probe\")", "(\"as-is\" \"shuffled\" \"by-label\")")
                .doesNotContain("\"PROBE\"");
    }
}
