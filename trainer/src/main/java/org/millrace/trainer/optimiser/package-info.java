/** How the weights move: gradient descent, its rate over the steps, and the moving average of the twin. */
@NullMarked
package org.millrace.trainer.optimiser;

import org.jspecify.annotations.NullMarked;
