/** Text for the terminal: progress, tables and sentences made from the run's events. */
@NullMarked
package org.millrace.app.text;

import org.jspecify.annotations.NullMarked;
