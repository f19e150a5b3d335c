package org.millrace.server.dashboard;

import org.millrace.contract.ImageOffset;

/**
 * An image as stored in the log. Owns its array, which is never changed.
 *
 * @param source the header {@code source}, or blank
 * @param label the header {@code label}, or blank
 */
@SuppressWarnings("ArrayRecordComponent")
record StoredImage(ImageOffset at, long timeMillis, String source, String label, byte[] file) {
    /** Its offset as the page writes it. */
    String name() {
        return at.partition() + "/" + at.offset();
    }
}
