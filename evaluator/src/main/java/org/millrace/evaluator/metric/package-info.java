/** How alike representations are, without labels: CKA, Procrustes, neighbours. */
@NullMarked
package org.millrace.evaluator.metric;

import org.jspecify.annotations.NullMarked;
