/** Encoded image files to pixels, and pixels to pixels of another size. */
@NullMarked
package org.millrace.encoder.image;

import org.jspecify.annotations.NullMarked;
