package org.millrace.app.cli;

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
        footer = {"", "Exit codes: 0 success, 1 failure, 2 wrong usage. See `millrace COMMAND --help`."})
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

    /** The version that the build wrote into the jar. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = MillraceCommand.class.getPackage().getImplementationVersion();
            return new String[] {"millrace " + (version == null ? "(built from source)" : version)};
        }
    }
}
