/** Whether two samples come from one distribution: Fréchet, MMD, PSI, Kolmogorov–Smirnov. */
@NullMarked
package org.millrace.evaluator.drift;

import org.jspecify.annotations.NullMarked;
