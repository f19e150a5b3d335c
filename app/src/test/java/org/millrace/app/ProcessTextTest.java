package org.millrace.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Arguments are recovered from their bytes. */
final class ProcessTextTest {
    @TempDir
    Path temporary;

    @Test
    void arguments_thatTheLocaleCannotExpress_areReadByTheirBytes() throws Exception {
        Path commandLine = commandLine("java\0-cp\0x\0Main\0push\0d\u00e4\0B\u00c3\u00a4r\0\0");

        assertThat(ProcessText.arguments(commandLine, "push", "d\ufffd", "B\ufffd\ufffdr", ""))
                .containsExactly("push", "d�E4", "Bär", "");
    }

    @Test
    void arguments_ofAnotherCommandLine_stay() throws Exception {
        String[] decoded = {"push", "d\ufffd"};
        assertThat(ProcessText.arguments(commandLine("surefire\0booter\0d\u00e4\0"), decoded))
                .isSameAs(decoded);
        assertThat(ProcessText.arguments(commandLine("d\u00e4\0"), decoded)).isSameAs(decoded);
        assertThat(ProcessText.arguments(temporary.resolve("no proc"), decoded)).isSameAs(decoded);
    }

    @Test
    void isLost_workingFolderThatIsNoText_isSeen() {
        assertThat(ProcessText.isLost("/home/d\ufffd")).isTrue();
        assertThat(ProcessText.isLost("/home/Bär")).isFalse();
    }

    private Path commandLine(String latin) throws Exception {
        return Files.write(temporary.resolve("cmdline"), latin.getBytes(StandardCharsets.ISO_8859_1));
    }
}
