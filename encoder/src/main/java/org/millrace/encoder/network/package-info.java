/** Networks as pure functions of their input and their named weights. */
@NullMarked
package org.millrace.encoder.network;

import org.jspecify.annotations.NullMarked;
