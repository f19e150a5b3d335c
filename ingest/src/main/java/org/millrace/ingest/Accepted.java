package org.millrace.ingest;

/** An image by its first bytes; whether it decodes is seen later. */
record Accepted(String contentType) implements Verdict {}
