/** Images to feature vectors with a run's encoders, for HTTP requests. */
@NullMarked
package org.millrace.server.embed;

import org.jspecify.annotations.NullMarked;
