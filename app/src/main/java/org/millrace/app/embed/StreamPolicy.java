package org.millrace.app.embed;

import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.millrace.contract.UserException;

/** Which encoder embeds the images of the stream. */
public sealed interface StreamPolicy {
    /** The run's current encoder, whichever that is when an image is embedded. */
    record Current() implements StreamPolicy {
        @Override
        public String toString() {
            return "current";
        }
    }

    /** One encoder for ever. */
    record Pinned(long version) implements StreamPolicy {
        @Override
        public String toString() {
            return "pinned:" + version;
        }
    }

    /** The newest scored encoder that may be used, mapped to the space of that version. */
    record Space(long version) implements StreamPolicy {
        @Override
        public String toString() {
            return "space:" + version;
        }
    }

    Pattern FORM = Pattern.compile("current|(pinned|space):(\\d{1,18})");

    /** Reads what {@code toString} gives; throws {@link UserException} for anything else. */
    static StreamPolicy of(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw new UserException(
                    "--policy must be current, pinned:VERSION or space:VERSION, but was '" + text + "'");
        }
        if (matcher.group(1) == null) {
            return new Current();
        }
        long version = Long.parseLong(matcher.group(2));
        return matcher.group(1).equals("pinned") ? new Pinned(version) : new Space(version);
    }

    /** The consumer group of a run's workers with this policy. */
    default String group(String run) {
        return "millrace-embed-" + run + "-" + toString().replace(':', '-');
    }

    /** The version that it names. */
    default OptionalLong named() {
        return switch (this) {
            case Current current -> OptionalLong.empty();
            case Pinned pinned -> OptionalLong.of(pinned.version());
            case Space space -> OptionalLong.of(space.version());
        };
    }
}
