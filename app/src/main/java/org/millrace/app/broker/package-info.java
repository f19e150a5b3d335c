/** A real Kafka broker inside this process; the only package that uses Kafka's server classes. */
@NullMarked
package org.millrace.app.broker;

import org.jspecify.annotations.NullMarked;
