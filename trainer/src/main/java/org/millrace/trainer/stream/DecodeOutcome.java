package org.millrace.trainer.stream;

/** What became of an image of the log: pixels, or the reason why there are none. */
sealed interface DecodeOutcome permits DecodedImage, Rejection {}
