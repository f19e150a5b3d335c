/** How a gradient moves the weights: stochastic gradient descent, Adam and LARS. */
@NullMarked
package org.millrace.encoder.optimiser;

import org.jspecify.annotations.NullMarked;
