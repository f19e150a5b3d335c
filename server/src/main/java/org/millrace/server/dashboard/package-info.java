/** The dashboard: a run's topics folded into a small state, pictures computed on request, and the changes sent to open pages. */
@NullMarked
package org.millrace.server.dashboard;

import org.jspecify.annotations.NullMarked;
