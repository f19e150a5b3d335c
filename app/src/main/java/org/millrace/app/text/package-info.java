/** What a person reads on the terminal: progress, tables and sentences made of the run's events. */
@NullMarked
package org.millrace.app.text;

import org.jspecify.annotations.NullMarked;
