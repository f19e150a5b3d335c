package org.millrace.ingest.gate;

/** Why a file is refused, in plain words. */
public record Rejection(Kind kind, String reason) implements Verdict {
    /** Of an image that is meant for the probe. */
    static Rejection noLabel() {
        return new Rejection(Kind.NO_LABEL, "no label, which every image of the probe needs");
    }

    public enum Kind {
        EMPTY("empty"),
        TOO_LARGE("larger than images.max-bytes"),
        NOT_AN_IMAGE("not an image"),
        UNSOUND("damaged, or too much to decode"),
        NO_LABEL("no label"),
        UNREADABLE("cannot be read");

        private final String words;

        Kind(String words) {
            this.words = words;
        }

        public String words() {
            return words;
        }
    }
}
