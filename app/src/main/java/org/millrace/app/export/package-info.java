/** A run's encoder as a file for other programs, with a card that says what it is. */
@NullMarked
package org.millrace.app.export;

import org.jspecify.annotations.NullMarked;
