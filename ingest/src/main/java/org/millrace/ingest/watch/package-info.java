/** Files of a folder pushed as they appear, each once. */
@NullMarked
package org.millrace.ingest.watch;

import org.jspecify.annotations.NullMarked;
