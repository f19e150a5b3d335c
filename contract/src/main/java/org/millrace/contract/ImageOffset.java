package org.millrace.contract;

import static org.millrace.contract.Check.check;

/** The address of an image in the log: its partition and offset in the topic {@code images}. */
public record ImageOffset(int partition, long offset) {
    public ImageOffset {
        check(partition >= 0, "partition must not be negative, but was %d", partition);
        check(offset >= 0, "offset must not be negative, but was %d", offset);
    }
}
