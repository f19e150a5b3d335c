/** The command line: options, commands, and how a failure is told. */
@NullMarked
package org.millrace.app.cli;

import org.jspecify.annotations.NullMarked;
