/** What an encoded image is by its bytes alone: its format, its declared sizes, and whether they may be decoded. */
@NullMarked
package org.millrace.contract.image;

import org.jspecify.annotations.NullMarked;
