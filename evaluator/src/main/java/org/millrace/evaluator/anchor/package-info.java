/** Drift of the model: the same images through successive encoders of a run. */
@NullMarked
package org.millrace.evaluator.anchor;

import org.jspecify.annotations.NullMarked;
