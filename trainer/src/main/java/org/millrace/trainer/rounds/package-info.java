/**
 * Several trainers on one stream: the journal deals a round's images to slots, any process computes any slot from the merged state, and
 * the journal names the contributions that make the next one. docs/decisions/0040-slots-dealt-by-the-journal.md.
 */
@NullMarked
package org.millrace.trainer.rounds;

import org.jspecify.annotations.NullMarked;
