/** A run computed again from its journal and its images, to compare. */
@NullMarked
package org.millrace.trainer.replay;

import org.jspecify.annotations.NullMarked;
