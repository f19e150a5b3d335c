package org.millrace.trainer.stream;

import org.millrace.contract.ImageOffset;

/**
 * An encoded image and where it lies in the log. Owns its array; nobody changes it.
 *
 * @param timestampMillis of the record, which orders the partitions of a fresh plan
 * @param source the record's header {@code source}, or blank
 */
@SuppressWarnings("ArrayRecordComponent")
public record LoggedImage(ImageOffset at, long timestampMillis, String source, byte[] file) {}
