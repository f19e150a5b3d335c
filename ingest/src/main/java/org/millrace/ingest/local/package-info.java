/** Images of the same sources read into this process, past Kafka. */
@NullMarked
package org.millrace.ingest.local;

import org.jspecify.annotations.NullMarked;
