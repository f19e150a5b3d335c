/** The papers' protocols by which an encoder is scored on labelled images: each one a file, all behind one interface. */
@NullMarked
package org.millrace.evaluator.protocol;

import org.jspecify.annotations.NullMarked;
