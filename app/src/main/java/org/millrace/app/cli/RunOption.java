package org.millrace.app.cli;

import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** {@code --run NAME}, for commands about one run. Mixed into a command; not thread safe. */
final class RunOption {
    @Option(names = "--run", paramLabel = "NAME", description = "The run; by default run.name of the configuration.")
    private @Nullable String name;

    /** The option as assignments to the configuration. */
    List<String> assignments() {
        return name == null ? List.of() : List.of("run.name=" + name);
    }
}
