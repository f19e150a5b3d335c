/** A run as a page shows it: its topics folded into a small state, the pictures behind it, and the changes sent to its viewers. */
@NullMarked
package org.millrace.server.dashboard;

import org.jspecify.annotations.NullMarked;
