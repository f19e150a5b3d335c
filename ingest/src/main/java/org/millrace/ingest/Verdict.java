package org.millrace.ingest;

/** What is made of an entry's first bytes. */
sealed interface Verdict permits Accepted, Rejection {}
