package org.millrace.app.cli;

import java.io.PrintWriter;

/** A command's output as whole lines, each shown at once. Thread safe. */
record Lines(PrintWriter out) {
    void say(String line) {
        synchronized (out) {
            out.println(line);
            out.flush();
        }
    }
}
