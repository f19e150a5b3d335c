package org.millrace.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

/** Arguments that the command refuses before it looks for a broker. */
class BranchCommandTest {
    private final StringWriter error = new StringWriter();

    @Test
    void branch_withoutCoolSteps_isWrongUsage() {
        assertThat(run("branch", "release")).isEqualTo(2);
        assertThat(error.toString()).contains("--cool-steps", "`millrace branch --help`");
    }

    @Test
    void branch_withoutName_isWrongUsage() {
        assertThat(run("branch", "--cool-steps=5")).isEqualTo(2);
        assertThat(error.toString()).contains("NEW_NAME");
    }

    @Test
    void branch_noStepsToCool_isWrongUsage() {
        assertThat(run("branch", "release", "--cool-steps=0")).isEqualTo(2);
        assertThat(error.toString()).contains("--cool-steps must be at least 1, but was 0");
    }

    @Test
    void branch_illegalName_isWrongUsage() {
        assertThat(run("branch", "a.b", "--cool-steps=5")).isEqualTo(2);
        assertThat(error.toString()).contains("NEW_NAME: run.name must match", "but was 'a.b'");
    }

    private int run(String... arguments) {
        return MillraceCommandLine.run(new PrintWriter(new StringWriter()), new PrintWriter(error, true), arguments);
    }
}
