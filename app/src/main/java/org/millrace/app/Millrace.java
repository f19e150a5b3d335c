package org.millrace.app;

import org.millrace.app.cli.MillraceCommandLine;

/** Entry point of the program {@code millrace}. Exit codes: {@code millrace --help}. */
public final class Millrace {
    private Millrace() {}

    public static void main(String[] arguments) {
        String folder = System.getProperty("user.dir", "");
        if (ProcessText.isLost(folder)) {
            System.err.printf(
                    "millrace: the working folder's name, %s, cannot be represented in the locale's encoding (%s): change to another folder, or set LC_ALL=C.UTF-8 if the name is UTF-8%n",
                    folder, System.getProperty("sun.jnu.encoding"));
            System.exit(1);
        }
        System.exit(MillraceCommandLine.run(ProcessText.arguments(arguments)));
    }
}
