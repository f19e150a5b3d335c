/** Classifiers that learn from labelled examples: the measure of what an encoder's weights are worth. */
@NullMarked
package org.millrace.encoder.classifier;

import org.jspecify.annotations.NullMarked;
