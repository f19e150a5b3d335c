/** Where log messages go: to the user what the user can act on, to a file everything. */
@org.jspecify.annotations.NullMarked
package org.millrace.app.log;
