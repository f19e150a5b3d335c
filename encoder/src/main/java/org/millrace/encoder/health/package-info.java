/** How good features are without labels: RankMe, α-ReQ, spread, alignment, uniformity. */
@NullMarked
package org.millrace.encoder.health;

import org.jspecify.annotations.NullMarked;
