/** What a run's journal says of it: its history, and whether its records agree with each other. */
@NullMarked
package org.millrace.trainer.inspect;

import org.jspecify.annotations.NullMarked;
