package org.millrace.ingest;

/** An image of sound structure; whether its data decodes is seen later. */
record Accepted(String contentType) implements Verdict {}
