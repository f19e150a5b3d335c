/** Classifiers trained on labelled examples, which measure how useful an encoder's weights are. */
@NullMarked
package org.millrace.encoder.classifier;

import org.jspecify.annotations.NullMarked;
