/** What a run's journal says of it. */
@NullMarked
package org.millrace.app.inspect;

import org.jspecify.annotations.NullMarked;
