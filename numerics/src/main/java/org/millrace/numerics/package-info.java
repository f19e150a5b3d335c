/** The linear algebra under the measures: centring, products, decompositions. */
@NullMarked
package org.millrace.numerics;

import org.jspecify.annotations.NullMarked;
