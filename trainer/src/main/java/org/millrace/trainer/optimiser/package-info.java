/** How weights move: the update of the query network, at a learning rate over the steps, and the moving average of the momentum encoder. */
@NullMarked
package org.millrace.trainer.optimiser;

import org.jspecify.annotations.NullMarked;
