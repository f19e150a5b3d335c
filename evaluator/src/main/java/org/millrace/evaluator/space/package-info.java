/** Adapters from an encoder's feature space to that of another: fitted on anchors, chosen and measured on held-out ones. */
@NullMarked
package org.millrace.evaluator.space;

import org.jspecify.annotations.NullMarked;
