/** The process: its entry point. */
@NullMarked
package org.millrace.app;

import org.jspecify.annotations.NullMarked;
