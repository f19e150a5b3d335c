/** Where images come from: files, folders, tar and zip archives, IDX files and names on standard input, read entry by entry. */
@NullMarked
package org.millrace.ingest.source;

import org.jspecify.annotations.NullMarked;
