package org.millrace.ingest.gate;

/** An image of sound structure; whether its pixels decode is found out later. */
public record Accepted(String contentType) implements Verdict {}
