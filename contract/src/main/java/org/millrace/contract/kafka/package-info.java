/** How every part speaks to Kafka: client properties and the topics that must exist. */
@NullMarked
package org.millrace.contract.kafka;

import org.jspecify.annotations.NullMarked;
