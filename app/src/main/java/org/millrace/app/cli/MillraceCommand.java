package org.millrace.app.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import java.util.Properties;
import java.util.function.BiConsumer;
import org.millrace.contract.config.MillraceConfig;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command {@code millrace} itself: help and version only; the subcommands are in {@link Commands}. */
@Command(
        name = "millrace",
        mixinStandardHelpOptions = true,
        versionProvider = MillraceCommand.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        description = "Pretrains an image encoder on an endless stream of unlabelled images.",
        commandListHeading = "%nCommands:%n",
        footer = {
            "",
            "Exit codes: 0 success, 1 failure, 2 wrong usage, 130 and 143 stopped by Ctrl-C and SIGTERM.",
            "See `millrace COMMAND --help`."
        })
final class MillraceCommand implements Runnable {
    private final BiConsumer<MillraceConfig, String> configured;

    @Spec
    private CommandSpec spec;

    /** @param configured receives the command's configuration and name once the configuration has been read */
    MillraceCommand(BiConsumer<MillraceConfig, String> configured) {
        this.configured = configured;
    }

    void configured(MillraceConfig config, String command) {
        configured.accept(config, command);
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }

    /** What the build recorded of itself: version, commit, libraries with native code. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() throws IOException {
            Properties build = new Properties();
            try (InputStream in = MillraceCommand.class.getResourceAsStream("build.properties")) {
                build.load(Objects.requireNonNull(in, "the build must have its properties"));
            }
            return new String[] {
                "millrace " + build.getProperty("version") + ", commit " + build.getProperty("commit"),
                "natives: PyTorch " + build.getProperty("pytorch") + " (" + build.getProperty("pytorch.natives")
                        + ", DJL " + build.getProperty("djl") + "), RocksDB " + build.getProperty("rocksdb"),
                "Kafka " + build.getProperty("kafka") + "; Java " + System.getProperty("java.version") + " ("
                        + System.getProperty("java.vendor") + ") on " + System.getProperty("os.name") + " "
                        + System.getProperty("os.arch")
            };
        }
    }
}
