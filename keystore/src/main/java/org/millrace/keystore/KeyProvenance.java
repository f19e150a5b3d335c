package org.millrace.keystore;

import org.millrace.contract.ImageOffset;

/** Where a key comes from: its sequence number, the step that encoded it, and its image. */
public record KeyProvenance(long sequence, long step, ImageOffset image) {}
