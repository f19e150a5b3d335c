package org.millrace.contract;

import java.util.Locale;

/** Counts in words: {@code 1 image}, {@code 1,200 images}. */
public final class Count {
    private Count() {}

    /** @param noun in the singular, with a regular plural: image, held-out image, class, batch */
    public static String of(long number, String noun) {
        return String.format(Locale.ROOT, "%,d %s", number, noun(number, noun));
    }

    /** The noun alone, as it stands after that number. */
    public static String noun(long number, String noun) {
        return number == 1 ? noun : noun.matches(".*(s|sh|ch|x)") ? noun + "es" : noun + "s";
    }
}
