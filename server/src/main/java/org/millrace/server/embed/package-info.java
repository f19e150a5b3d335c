/** Images to feature vectors with a run's encoders, for requests that wait. */
@NullMarked
package org.millrace.server.embed;

import org.jspecify.annotations.NullMarked;
