/** The small JSON events on the topics, one record class each, and the codec that reads and writes them. */
@NullMarked
package org.millrace.contract.event;

import org.jspecify.annotations.NullMarked;
