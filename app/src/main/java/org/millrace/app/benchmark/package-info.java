/** What an exam by the papers' protocols needs: an encoder from a checkpoint or the topic, labelled images from files or the probe. */
@NullMarked
package org.millrace.app.benchmark;

import org.jspecify.annotations.NullMarked;
