/** A real Kafka broker inside this process; the one place that knows Kafka's server classes. */
@NullMarked
package org.millrace.app.broker;

import org.jspecify.annotations.NullMarked;
