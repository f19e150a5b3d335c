/** The command {@code embed}: images through one encoder into a file. */
@NullMarked
package org.millrace.app.embed;

import org.jspecify.annotations.NullMarked;
