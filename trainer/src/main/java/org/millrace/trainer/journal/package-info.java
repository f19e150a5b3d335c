/** The run's journal: plans before their steps, results after. */
@NullMarked
package org.millrace.trainer.journal;

import org.jspecify.annotations.NullMarked;
