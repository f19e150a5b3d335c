package org.millrace.ingest.gate;

/** Whether a file is taken as an image. */
public sealed interface Verdict permits Accepted, Rejection {}
