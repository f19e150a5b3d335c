/** The HTTP server: who may ask, what is answered when something is wrong, and the routes for images and embeddings. */
@NullMarked
package org.millrace.server.http;

import org.jspecify.annotations.NullMarked;
