/**
 * The files in which weights travel: safetensors, and what was learned of a network that began as another file. No tensor library.
 */
@NullMarked
package org.millrace.contract.weights;

import org.jspecify.annotations.NullMarked;
