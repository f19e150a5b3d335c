/** Images into the log: sources of images, their labels and order, what is refused, and the push to Kafka. */
@NullMarked
package org.millrace.ingest;

import org.jspecify.annotations.NullMarked;
