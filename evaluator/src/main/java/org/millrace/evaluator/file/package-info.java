/** Files of the evaluator's own state. */
@NullMarked
package org.millrace.evaluator.file;

import org.jspecify.annotations.NullMarked;
