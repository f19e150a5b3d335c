/** The state of a run as a folder that is whole or not there. */
@NullMarked
package org.millrace.trainer.checkpoint;

import org.jspecify.annotations.NullMarked;
