/** The linear algebra under the measures: centring, products, decompositions. */
@NullMarked
package org.millrace.encoder.matrix;

import org.jspecify.annotations.NullMarked;
