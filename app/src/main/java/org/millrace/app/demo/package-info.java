/** The demo: an encoder learns from a stream of shipped images, and a report shows how well. */
@NullMarked
package org.millrace.app.demo;

import org.jspecify.annotations.NullMarked;
