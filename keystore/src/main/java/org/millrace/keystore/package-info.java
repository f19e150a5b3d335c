/**
 * What an objective remembers of past images, and rolls back with the weights: a dictionary of keys and a memory bank, each on RocksDB or in
 * memory. The interfaces are sealed, and a sealed type and its implementations need one package where there is no module; see
 * docs/decisions/0030-rooms-of-trainer-and-keystore.md.
 */
@NullMarked
package org.millrace.keystore;

import org.jspecify.annotations.NullMarked;
