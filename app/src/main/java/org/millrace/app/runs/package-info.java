/** Runs as things: what a run has on a broker and on disk, listed, compared, deleted, and carried to another broker. */
@NullMarked
package org.millrace.app.runs;

import org.jspecify.annotations.NullMarked;
