/** Images to feature vectors with a run's encoders: for requests that wait, and for files. */
@NullMarked
package org.millrace.app.embed;

import org.jspecify.annotations.NullMarked;
