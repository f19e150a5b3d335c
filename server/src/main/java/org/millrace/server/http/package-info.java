/** The HTTP server: access control, error responses, and the routes for images and embeddings. */
@NullMarked
package org.millrace.server.http;

import org.jspecify.annotations.NullMarked;
