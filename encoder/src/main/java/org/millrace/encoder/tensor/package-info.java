/** The PyTorch engine and the named weights of a network in one flat tensor, with their safetensors file. */
@NullMarked
package org.millrace.encoder.tensor;

import org.jspecify.annotations.NullMarked;
