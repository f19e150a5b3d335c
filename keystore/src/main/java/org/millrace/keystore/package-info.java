/** The dictionary of keys: an append-only log of past images' keys, on RocksDB or in memory, that rolls back with the weights. */
@NullMarked
package org.millrace.keystore;

import org.jspecify.annotations.NullMarked;
