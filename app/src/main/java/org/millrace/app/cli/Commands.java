package org.millrace.app.cli;

import java.util.List;

/** The commands of the program, in the order in which {@code --help} lists them. */
final class Commands {
    private Commands() {}

    static List<Object> all() {
        return List.of(
                new DemoCommand(),
                new UpCommand(),
                new PushCommand(),
                new WatchCommand(),
                new TrainCommand(),
                new BranchCommand(),
                new SlotsCommand(),
                new EvaluateCommand(),
                new LearningCommand(),
                new DriftCommand(),
                new DashboardCommand(),
                new EncodersCommand(),
                new RunsCommand(),
                new ExportCommand(),
                new ImportCommand(),
                new EmbedCommand(),
                new InspectCommand(),
                new AuditCommand(),
                new ReplayCommand(),
                new ConfigCommand(),
                new CompletionCommand());
    }
}
