/** Drift of incoming images as a stream: features of images, windows, the memory of each reference, reports and alarms. */
@NullMarked
package org.millrace.evaluator.drift.stream;

import org.jspecify.annotations.NullMarked;
