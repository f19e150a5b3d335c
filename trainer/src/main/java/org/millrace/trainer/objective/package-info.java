/** What is learnt: the objectives, sealed alternatives behind one interface. */
@NullMarked
package org.millrace.trainer.objective;

import org.jspecify.annotations.NullMarked;
