/** A run's encoder as a file for other programs, with a model card. */
@NullMarked
package org.millrace.app.export;

import org.jspecify.annotations.NullMarked;
