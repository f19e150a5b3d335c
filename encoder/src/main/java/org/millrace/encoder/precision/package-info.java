/** Networks in half precision: libtorch's autocast, switched on around forward passes. */
@NullMarked
package org.millrace.encoder.precision;

import org.jspecify.annotations.NullMarked;
