package org.millrace.app.embed;

import java.util.regex.Pattern;
import org.millrace.contract.UserException;

/**
 * How many of the images before a new encoder are embedded again by it.
 *
 * @param images newest ones of all partitions together, the same number of each; 0 for none
 */
public record BackfillDepth(long images) {
    private static final Pattern FORM = Pattern.compile("none|all|newest:[1-9]\\d{0,17}");

    /** Reads {@code none}, {@code newest:N} or {@code all}; throws {@link UserException} for anything else. */
    public static BackfillDepth of(String text) {
        if (!FORM.matcher(text).matches()) {
            throw new UserException("--backfill must be none, newest:N or all, but was '" + text + "'");
        }
        return switch (text) {
            case "none" -> new BackfillDepth(0);
            case "all" -> new BackfillDepth(Long.MAX_VALUE);
            default -> new BackfillDepth(Long.parseLong(text.substring(text.indexOf(':') + 1)));
        };
    }

    /** The first offset of those of a partition that ends there. */
    long from(long end, int partitions) {
        long share = images / partitions + (images % partitions == 0 ? 0 : 1);
        return share >= end ? 0 : end - share;
    }
}
