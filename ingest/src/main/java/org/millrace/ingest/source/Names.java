package org.millrace.ingest.source;

import org.millrace.contract.OutsideText;

/** Bounds on the names that archives give to their entries. */
public final class Names {
    /** Characters in the longest name that is pushed. */
    public static final int LONGEST = 4096;

    private static final int SHOWN = 200;

    private Names() {}

    /** The name as a message shows it: one line, not too long. */
    public static String shown(String name) {
        String line = OutsideText.visible(name);
        return line.length() <= SHOWN ? line : line.substring(0, SHOWN) + "…";
    }
}
