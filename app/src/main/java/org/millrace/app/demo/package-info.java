/** The demonstration: an encoder learns from a stream of shipped images, and a report tells how. */
@NullMarked
package org.millrace.app.demo;

import org.jspecify.annotations.NullMarked;
