/** From the log to prepared steps: fetch, decode, plan, mix with the replay buffer, views; and images that are gone or refused. */
@NullMarked
package org.millrace.trainer.stream;

import org.jspecify.annotations.NullMarked;
