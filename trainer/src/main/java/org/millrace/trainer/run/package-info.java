/** What belongs to a run: its folder and lock, its settings, checkpoints, memory of past images and published encoders; branches. */
@NullMarked
package org.millrace.trainer.run;

import org.jspecify.annotations.NullMarked;
