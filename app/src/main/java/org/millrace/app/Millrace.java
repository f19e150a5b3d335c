package org.millrace.app;

import org.millrace.app.cli.MillraceCommandLine;

/** Entry point of the program {@code millrace}. Exit codes: 0 good, 1 failed, 2 wrong usage. */
public final class Millrace {
    private Millrace() {}

    public static void main(String[] arguments) {
        System.exit(MillraceCommandLine.run(arguments));
    }
}
