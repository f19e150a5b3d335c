/** The configuration: one immutable record per group of keys, bound from properties, environment and command line with all problems reported together. */
@NullMarked
package org.millrace.contract.config;

import org.jspecify.annotations.NullMarked;
