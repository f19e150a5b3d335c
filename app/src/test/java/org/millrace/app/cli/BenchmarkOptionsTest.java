package org.millrace.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class BenchmarkOptionsTest {
    private static final String SAMPLE = "../samples/fashion-mnist/t10k-images-idx3-ubyte.gz";

    @TempDir
    private Path data;

    private final StringWriter error = new StringWriter();

    @Test
    void protocol_unknown_isWrongUsageThatNamesThem() {
        assertThat(evaluate("--protocol=linear")).isEqualTo(2);
        assertThat(error.toString())
                .contains("logistic or knn or ridge or linear-sgd or mlp or finetune-1 or finetune-10", "'linear'");
    }

    @Test
    void options_thatDoNotGoTogether_areWrongUsage() {
        wrong("need --protocol", "--checkpoint=3");
        wrong("need --protocol", "--json=scores.json");
        wrong("exclude each other", "--protocol=knn", "--checkpoint=3", "--encoder=3");
        wrong("need each other", "--protocol=knn", "--train=" + SAMPLE);
        wrong("--watch", "--protocol=knn", "--watch");
    }

    @Test
    void train_missingPath_failsWithItsName() {
        assertThat(evaluate("--protocol=knn", "--train=nowhere", "--test=" + SAMPLE))
                .isEqualTo(1);
        assertThat(error.toString()).contains("no such file or folder: nowhere");
    }

    @Test
    void json_inNoFolder_failsBeforeAnythingIsComputed() {
        assertThat(evaluate("--protocol=knn", "--json=" + data.resolve("nowhere/scores.json")))
                .isEqualTo(1);
        assertThat(error.toString()).contains("its folder does not exist or is not writable");
    }

    @Test
    void checkpoint_ofARunThatIsNotThere_failsWithWhatToDo() {
        String[] local = {"--protocol=knn", "--train=" + SAMPLE, "--test=" + SAMPLE};
        assertThat(evaluate(local)).isEqualTo(1);
        assertThat(error.toString()).contains("run main has no checkpoint under ", "--encoder VERSION");
        assertThat(evaluate(Stream.concat(Stream.of(local), Stream.of("--checkpoint=7"))
                        .toArray(String[]::new)))
                .isEqualTo(1);
        assertThat(error.toString()).contains("there is no checkpoint of step 7 under ", "; there are none");
    }

    private void wrong(String part, String... arguments) {
        assertThat(evaluate(arguments)).as(String.join(" ", arguments)).isEqualTo(2);
        assertThat(error.toString()).contains(part);
    }

    private int evaluate(String... arguments) {
        error.getBuffer().setLength(0);
        String[] all = Stream.concat(Stream.of("evaluate", "--set=run.data=" + data), Stream.of(arguments))
                .toArray(String[]::new);
        return MillraceCommandLine.run(new PrintWriter(new StringWriter()), new PrintWriter(error, true), all);
    }
}
