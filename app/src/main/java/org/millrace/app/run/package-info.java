/** Trainer and evaluator as parts of this process: started, watched, stopped together. */
@NullMarked
package org.millrace.app.run;

import org.jspecify.annotations.NullMarked;
