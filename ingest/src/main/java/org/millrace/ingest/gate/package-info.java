/** The verdict on a file that claims to be an image: accepted with its type, or rejected with a reason. */
@NullMarked
package org.millrace.ingest.gate;

import org.jspecify.annotations.NullMarked;
