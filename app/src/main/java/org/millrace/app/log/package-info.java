/** Log output: messages that the user can act on go to standard error, everything goes to a file. */
@org.jspecify.annotations.NullMarked
package org.millrace.app.log;
