/** From the log to prepared batches: fetch, decode, plan, mix with the replay buffer, views. */
@NullMarked
package org.millrace.trainer.stream;

import org.jspecify.annotations.NullMarked;
