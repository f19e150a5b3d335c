/** Benchmarks by the papers' probe protocols: an encoder from a checkpoint or the topic, scored on labelled images of files or the probe. */
@NullMarked
package org.millrace.app.benchmark;

import org.jspecify.annotations.NullMarked;
