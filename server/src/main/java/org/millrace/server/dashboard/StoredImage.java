package org.millrace.server.dashboard;

import org.millrace.contract.ImageOffset;

/**
 * An image as it lies in the log. Owns its array; nobody changes it.
 *
 * @param source the header {@code source}, or blank
 * @param label the header {@code label}, or blank
 */
@SuppressWarnings("ArrayRecordComponent")
record StoredImage(ImageOffset at, long timeMillis, String source, String label, byte[] file) {
    /** Its address as the page names it. */
    String name() {
        return at.partition() + "/" + at.offset();
    }
}
