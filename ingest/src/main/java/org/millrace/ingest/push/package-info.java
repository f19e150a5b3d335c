/** Images into Kafka: whole sources by push, single ones from other programs by the receiver; rejects to their own topic. */
@NullMarked
package org.millrace.ingest.push;

import org.jspecify.annotations.NullMarked;
