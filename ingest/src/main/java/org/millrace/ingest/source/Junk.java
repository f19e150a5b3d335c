package org.millrace.ingest.source;

/** Files that no user means: dot files, such as macOS's {@code ._} ones, its {@code __MACOSX}, and {@code Thumbs.db}. */
final class Junk {
    private Junk() {}

    /** Whether a part of the name, separated by {@code /}, is such a file or folder. */
    static boolean isJunk(String name) {
        for (String part : name.split("/", -1)) {
            boolean dotted = part.startsWith(".") && !part.equals(".") && !part.equals("..");
            if (dotted || part.equals("__MACOSX") || part.equalsIgnoreCase("Thumbs.db")) {
                return true;
            }
        }
        return false;
    }
}
