package org.millrace.contract.image;

/** The bytes are no image, or one whose decoding could cost more than it may; the message says why, without naming the image. */
public final class UnsoundImageException extends Exception {
    /** What is said of data that is cut; a decoder that finds it says the same. */
    public static final String SHORT = "it ends before its last pixel";

    private static final long serialVersionUID = 1;

    private final String reason;

    UnsoundImageException(String reason) {
        super(reason);
        this.reason = reason;
    }

    /** Why, in words for the topic of rejects. */
    public String reason() {
        return reason;
    }
}
