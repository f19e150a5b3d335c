/** Benchmarks: the parts by JMH, the whole against the same step fed from memory. */
@NullMarked
package org.millrace.bench;

import org.jspecify.annotations.NullMarked;
