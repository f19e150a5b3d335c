/** The labelled images that encoders are scored on: chosen, split in halves, kept across restarts. */
@NullMarked
package org.millrace.evaluator.probe;

import org.jspecify.annotations.NullMarked;
