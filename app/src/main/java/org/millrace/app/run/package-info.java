/** Trainer, evaluator, drift and pushes as services of this process, and what they report. */
@NullMarked
package org.millrace.app.run;

import org.jspecify.annotations.NullMarked;
