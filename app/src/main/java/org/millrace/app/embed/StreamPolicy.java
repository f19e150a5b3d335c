package org.millrace.app.embed;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.millrace.contract.UserException;

/**
 * Which encoder embeds the images of the stream.
 *
 * @param version that is pinned, or whose space it is; −1 for the current one
 */
public record StreamPolicy(Kind kind, long version) {
    private static final String GROUP = "millrace-embed-";
    private static final String POLICY = "-(current|(pinned|space)-\\d{1,18})";
    private static final Pattern FORM = Pattern.compile("current|(pinned|space):(\\d{1,18})");

    /** What a policy follows. */
    public enum Kind {
        /** The run's current encoder, whichever that is when an image is embedded. */
        CURRENT,
        /** One encoder for ever. */
        PINNED,
        /** The newest scored encoder that may be used, mapped to the space of a version. */
        SPACE
    }

    /** Reads what {@link #toString} gives; throws {@link UserException} for anything else. */
    public static StreamPolicy of(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw new UserException(
                    "--policy must be current, pinned:VERSION or space:VERSION, but was '" + text + "'");
        }
        if (matcher.group(1) == null) {
            return new StreamPolicy(Kind.CURRENT, -1);
        }
        return new StreamPolicy(
                matcher.group(1).equals("pinned") ? Kind.PINNED : Kind.SPACE, Long.parseLong(matcher.group(2)));
    }

    /** The consumer group of a run's workers with this policy; their transactional ids begin with it. */
    public String group(String run) {
        return GROUP + run + "-" + toString().replace(':', '-');
    }

    /** Whether that is the consumer group of a run's workers with any policy. */
    public static boolean isGroup(String run, String name) {
        return name.matches(Pattern.quote(GROUP + run) + POLICY);
    }

    /** Whether that is a transactional id of a run's workers with any policy. */
    public static boolean isTransactionalId(String run, String id) {
        return id.matches(Pattern.quote(GROUP + run) + POLICY + "-[0-9a-f-]{36}");
    }

    @Override
    public String toString() {
        return switch (kind) {
            case CURRENT -> "current";
            case PINNED -> "pinned:" + version;
            case SPACE -> "space:" + version;
        };
    }
}
