package org.millrace.contract.config;

import static org.millrace.contract.Check.check;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The encoder that a guard compares with, as {@code guard.teacher} names it. */
public sealed interface GuardTeacher {
    /** No guard. */
    record None() implements GuardTeacher {}

    /** The weights that the run began with. */
    record Initial() implements GuardTeacher {}

    /**
     * A published encoder.
     *
     * @param run that published it; empty for the run itself
     */
    record Pinned(Optional<String> run, long version) implements GuardTeacher {}

    /** The moving average of the learning encoder. */
    record Average() implements GuardTeacher {}

    /** Of a setting's text; throws {@link IllegalArgumentException} where it names none. */
    static GuardTeacher parse(String text) {
        Matcher pinned =
                Pattern.compile("pinned:(?:([a-zA-Z0-9_-]{1,64})@)?(\\d{1,18})").matcher(text);
        if (pinned.matches()) {
            return new Pinned(Optional.ofNullable(pinned.group(1)), Long.parseLong(pinned.group(2)));
        }
        boolean known = text.equals("none") || text.equals("initial") || text.equals("ema");
        check(
                known,
                "guard.teacher must be none, initial, ema, pinned:VERSION or pinned:RUN@VERSION, but was '%s'",
                text);
        return switch (text) {
            case "initial" -> new Initial();
            case "ema" -> new Average();
            default -> new None();
        };
    }
}
