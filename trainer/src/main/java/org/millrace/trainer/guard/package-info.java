/** What keeps an encoder near to what it knew: the teacher, the loss that compares with it, and both in and out of checkpoints. */
@NullMarked
package org.millrace.trainer.guard;

import org.jspecify.annotations.NullMarked;
