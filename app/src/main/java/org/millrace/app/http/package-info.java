/** The HTTP server of dashboard, images, embeddings and metrics: who may ask, what is answered when something is wrong, and the routes. */
@NullMarked
package org.millrace.app.http;

import org.jspecify.annotations.NullMarked;
