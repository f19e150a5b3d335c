/** The command line: options, commands, and how a failure is reported. */
@NullMarked
package org.millrace.app.cli;

import org.jspecify.annotations.NullMarked;
