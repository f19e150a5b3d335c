/** Whether a window of features has the distribution of a reference: detectors and their calibration. No I/O, no Kafka. */
@NullMarked
package org.millrace.evaluator.drift.detector;

import org.jspecify.annotations.NullMarked;
