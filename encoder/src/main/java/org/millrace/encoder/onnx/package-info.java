/** Encoders as ONNX models: a graph of standard operators that other programs run. */
@NullMarked
package org.millrace.encoder.onnx;

import org.jspecify.annotations.NullMarked;
