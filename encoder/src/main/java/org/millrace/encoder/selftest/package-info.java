/** Whether networks compute right numbers on this machine, and the way in which they do. */
@NullMarked
package org.millrace.encoder.selftest;

import org.jspecify.annotations.NullMarked;
