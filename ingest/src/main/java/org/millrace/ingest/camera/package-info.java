/** Cameras: frames from a pipe, a recording or over HTTP, as entries of a source. */
@NullMarked
package org.millrace.ingest.camera;

import org.jspecify.annotations.NullMarked;
