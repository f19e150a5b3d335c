/** Two random views of an image. */
@NullMarked
package org.millrace.trainer.view;

import org.jspecify.annotations.NullMarked;
