/** Labels of a source's images: from folder names, a CSV file or an IDX file. */
@NullMarked
package org.millrace.ingest.label;

import org.jspecify.annotations.NullMarked;
