/** Keeping the embedded broker within its budget: what it may give up, and giving it up. */
@NullMarked
package org.millrace.app.disk;

import org.jspecify.annotations.NullMarked;
