/** Which images of the stream are worth training on: thumbnails, what each source has shown, and the verdict. */
@NullMarked
package org.millrace.trainer.gate;

import org.jspecify.annotations.NullMarked;
