/** Features and labels to scores: the linear probe and weighted nearest neighbours, in plain Java. */
@NullMarked
package org.millrace.evaluator.score;

import org.jspecify.annotations.NullMarked;
