/** The command {@code embed}: image files to a file of features. */
@NullMarked
package org.millrace.app.embed;

import org.jspecify.annotations.NullMarked;
