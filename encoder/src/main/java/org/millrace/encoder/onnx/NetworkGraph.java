package org.millrace.encoder.onnx;

import org.millrace.encoder.onnx.OnnxGraph.Value;

/** A network in evaluation mode as the nodes of a graph. */
sealed interface NetworkGraph permits ResNetGraph, TransformerGraph {
    /** Adds the network's nodes. images: N×C×H×W, normalised → features, N×D, under the given name. */
    Value build(OnnxGraph graph, Value images, String features);
}
