/** A run's HTTP interface as one service of a process. */
@NullMarked
package org.millrace.server;

import org.jspecify.annotations.NullMarked;
