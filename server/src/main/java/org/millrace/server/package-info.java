/** What a run shows and takes over HTTP, as one service of a process. */
@NullMarked
package org.millrace.server;

import org.jspecify.annotations.NullMarked;
