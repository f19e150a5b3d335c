package org.millrace.ingest.gate;

/** An image of sound structure whose data is whole; whether its pixels are right is found out later. */
public record Accepted(String contentType) implements Verdict {}
