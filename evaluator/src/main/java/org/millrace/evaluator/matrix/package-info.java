/** The linear algebra under the measures: centring, products, decompositions. */
@NullMarked
package org.millrace.evaluator.matrix;

import org.jspecify.annotations.NullMarked;
