package org.millrace.encoder.image;

/** The bytes are not an image that can be decoded. */
public final class UndecodableImageException extends Exception {
    private static final long serialVersionUID = 1;

    private final String reason;

    public UndecodableImageException(String reason) {
        super(reason);
        this.reason = reason;
    }

    /** Why, in words for the topic of rejects. */
    public String reason() {
        return reason;
    }
}
