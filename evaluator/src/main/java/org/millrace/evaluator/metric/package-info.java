/** How good and how alike representations are, without labels: RankMe, α-ReQ, spread, alignment, uniformity, CKA, Procrustes, neighbours. */
@NullMarked
package org.millrace.evaluator.metric;

import org.jspecify.annotations.NullMarked;
