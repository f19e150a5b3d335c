/** Files of images on disk: what the replay buffer holds, apart from heap and checkpoints, which refer to it. */
@NullMarked
package org.millrace.keystore.image;

import org.jspecify.annotations.NullMarked;
