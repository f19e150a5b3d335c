package org.millrace.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Options of embed that do not go together: wrong usage, said before any broker is asked. */
final class EmbedCommandTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "embed | missing PATH, the images to embed; --stream embeds those of the run's stream",
                "embed photos | missing --out FILE, the file to write",
                "embed photos --out x.npy --policy current | --policy, --value and --backfill belong to --stream",
                "embed --stream photos | --stream embeds the images of the run's stream: it takes no PATH",
                "embed --stream --policy newest | --policy must be current, pinned:VERSION or space:VERSION, but was 'newest'",
                "embed --stream --policy pinned:4 --backfill all | never happens with --policy pinned:4: leave --backfill out",
            })
    void options_thatDoNotGoTogether_areWrongUsage(String line, String words) {
        StringWriter error = new StringWriter();
        int code =
                MillraceCommandLine.run(new PrintWriter(new StringWriter()), new PrintWriter(error), line.split(" "));
        assertThat(error.toString()).contains(words);
        assertThat(code).isEqualTo(2);
    }
}
