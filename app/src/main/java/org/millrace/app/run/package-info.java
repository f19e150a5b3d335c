/** Trainer, evaluator, drift monitor and pushes as services of this process, and their reports. */
@NullMarked
package org.millrace.app.run;

import org.jspecify.annotations.NullMarked;
