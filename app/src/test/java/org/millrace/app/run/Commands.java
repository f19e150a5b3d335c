package org.millrace.app.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.millrace.app.cli.MillraceCommandLine;

/**
 * The command line with a network and batches so small that a step takes milliseconds. Arguments override these settings.
 *
 * @param broker the broker's current address
 */
public record Commands(Supplier<String> broker, Path data) {
    public static final String SAMPLE = "../samples/fashion-mnist/t10k-images-idx3-ubyte.gz";

    /** Images of a step. */
    public static final int BATCH = 8;

    /** Runs a command that must succeed, and returns what it printed. */
    public String good(Object... arguments) {
        StringWriter out = new StringWriter();
        StringWriter error = new StringWriter();
        assertThat(call(out, error, arguments)).as("%s%s", out, error).isZero();
        return out.toString();
    }

    /** Runs a command that must fail, and returns its error output. */
    public String bad(Object... arguments) {
        StringWriter out = new StringWriter();
        StringWriter error = new StringWriter();
        assertThat(call(out, error, arguments)).as("%s%s", out, error).isEqualTo(1);
        assertThat(error.toString()).doesNotContain("\tat ");
        return error.toString();
    }

    public int call(StringWriter out, StringWriter error, Object... arguments) {
        return MillraceCommandLine.run(new PrintWriter(out, true), new PrintWriter(error, true), line(arguments));
    }

    /** The command and its options, then the small settings, then what the arguments set. */
    public String[] line(Object... arguments) {
        List<String> given = flat(arguments);
        return Stream.of(
                        given.stream().filter(argument -> !argument.startsWith("--set")),
                        Stream.of("--bootstrap-server=" + broker.get()),
                        settings().map(setting -> "--set=" + setting),
                        given.stream().filter(argument -> argument.startsWith("--set")))
                .flatMap(part -> part)
                .toArray(String[]::new);
    }

    /** The settings alone. */
    public Stream<String> settings() {
        return Stream.concat(
                PatientKafka.assignments(),
                Stream.of(
                        "run.data=" + data,
                        "run.threads=1",
                        "encoder.height=16",
                        "encoder.width=16",
                        "encoder.channels=1",
                        "encoder.mean=0.3",
                        "encoder.standard-deviation=0.3",
                        "head.output=16",
                        "moco.queue-size=32",
                        "trainer.batch-size=" + BATCH,
                        "trainer.checkpoint-every-steps=5",
                        "trainer.publish-every-steps=10",
                        "trainer.digest-every-steps=4",
                        "replay.policy=reservoir",
                        "replay.capacity=25"));
    }

    /** The option of {@code push} for the images of so many steps. */
    public static String batches(long steps) {
        return "--limit=" + BATCH * steps;
    }

    /** The option of {@code push} to begin behind the images of so many steps. */
    public static String after(long steps) {
        return "--skip=" + BATCH * steps;
    }

    /** The option that names a run, and further arguments. */
    public static String[] run(String name, String... more) {
        return flat("--set=run.name=" + name, more).toArray(new String[0]);
    }

    Path folder(String run) {
        return data.resolve("runs").resolve(run);
    }

    private static List<String> flat(Object... arguments) {
        return Stream.of(arguments)
                .flatMap(argument ->
                        argument instanceof String[] several ? Arrays.stream(several) : Stream.of((String) argument))
                .toList();
    }
}
