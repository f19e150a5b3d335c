package org.millrace.trainer.stream;

/** An image of the stream whose pixels cannot be decoded, and why. */
public record Rejection(LoggedImage image, String reason) implements DecodeOutcome {}
