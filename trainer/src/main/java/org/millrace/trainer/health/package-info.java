/** Health without labels while a run trains: of a batch's projections, and of the keys that an objective remembers. */
@NullMarked
package org.millrace.trainer.health;

import org.jspecify.annotations.NullMarked;
