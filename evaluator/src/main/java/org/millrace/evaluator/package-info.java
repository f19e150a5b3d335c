/** The evaluator: scores every published encoder on labelled images and publishes the scores. */
@NullMarked
package org.millrace.evaluator;

import org.jspecify.annotations.NullMarked;
