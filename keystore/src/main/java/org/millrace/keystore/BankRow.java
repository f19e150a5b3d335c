package org.millrace.keystore;

/** One row of a memory bank with its image and where it comes from. Nobody changes the array. */
@SuppressWarnings("ArrayRecordComponent") // never compared as a value
record BankRow(ImageId image, KeyProvenance provenance, float[] row) {}
