/** How good features are without labels: RankMe, α-ReQ, spread, alignment, uniformity. */
@NullMarked
package org.millrace.numerics.health;

import org.jspecify.annotations.NullMarked;
