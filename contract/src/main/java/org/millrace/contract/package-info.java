/** What every module shares: topic names, image headers, addresses of images, randomness by counter, and errors meant for a user. */
@NullMarked
package org.millrace.contract;

import org.jspecify.annotations.NullMarked;
