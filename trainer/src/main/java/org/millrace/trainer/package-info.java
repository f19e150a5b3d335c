/** The learning: a run as a fold of steps over the journal and the image log. */
@NullMarked
package org.millrace.trainer;

import org.jspecify.annotations.NullMarked;
