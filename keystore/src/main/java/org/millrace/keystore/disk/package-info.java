/** What lies on disk: a RocksDB database with its native library, and values that show whether they were damaged. */
@NullMarked
package org.millrace.keystore.disk;

import org.jspecify.annotations.NullMarked;
