package org.millrace.trainer.stream;

/** The result of decoding an image of the log: pixels, or the reason why there are none. */
sealed interface DecodeOutcome permits DecodedImage, Rejection {}
