/** An encoder with fixed weights: encoded images in, feature vectors out. */
@NullMarked
package org.millrace.encoder;

import org.jspecify.annotations.NullMarked;
