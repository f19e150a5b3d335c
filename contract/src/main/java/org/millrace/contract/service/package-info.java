/** The parts of a process, each on a thread of its own: how they start, fail, start again and stop. */
@NullMarked
package org.millrace.contract.service;

import org.jspecify.annotations.NullMarked;
