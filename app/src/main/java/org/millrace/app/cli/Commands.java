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
                new TrainCommand(),
                new BranchCommand(),
                new EvaluateCommand(),
                new DriftCommand(),
                new DashboardCommand(),
                new ExportCommand(),
                new InspectCommand(),
                new AuditCommand(),
                new ReplayCommand(),
                new ConfigCommand());
    }
}
