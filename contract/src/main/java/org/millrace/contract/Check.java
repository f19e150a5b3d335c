package org.millrace.contract;

/** Preconditions whose messages say what was wanted and what was got. */
public final class Check {
    private Check() {}

    /** Throws {@link IllegalArgumentException} with the formatted message unless {@code condition} holds. */
    public static void check(boolean condition, String message, Object... arguments) {
        if (!condition) {
            throw new IllegalArgumentException(String.format(java.util.Locale.ROOT, message, arguments));
        }
    }
}
