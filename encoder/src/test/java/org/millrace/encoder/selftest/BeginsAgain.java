package org.millrace.encoder.selftest;

import java.util.List;

/** A program that begins again with fewer instructions as long as it can, and says what it is each time. */
final class BeginsAgain {
    private BeginsAgain() {}

    public static void main(String[] arguments) {
        System.setProperty("sun.java.command", "org.millrace.app.Millrace");
        System.out.println(ProcessHandle.current().pid() + " " + System.getenv("ONEDNN_MAX_CPU_ISA") + " "
                + List.of(arguments) + " " + FewerInstructions.failuresBefore());
        List<String> failures = new java.util.ArrayList<>(FewerInstructions.failuresBefore());
        failures.add("as usual: wrong");
        FewerInstructions.restart(failures);
        System.out.println("the end");
    }
}
