/** How well a run retains what it learnt as its stream goes on: scores by buckets of the stream, their matrix, and its figures. */
@NullMarked
package org.millrace.evaluator.learning;

import org.jspecify.annotations.NullMarked;
