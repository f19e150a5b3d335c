package org.millrace.encoder.onnx;

import static org.millrace.encoder.onnx.OnnxMessages.integer;
import static org.millrace.encoder.onnx.OnnxMessages.integers;
import static org.millrace.encoder.onnx.OnnxMessages.number;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import java.util.Arrays;
import java.util.List;
import org.millrace.contract.weights.Safetensors;

/**
 * Builds a graph of ONNX operators over the tensors of a weights file. Each method adds one node, named after the layer, with the
 * layer's weights, and returns its output. Not thread safe.
 */
final class OnnxGraph {
    /** The version of the operators used: BatchNormalization as of 15, the rest older. */
    static final int OPSET = 15;

    private final Safetensors weights;
    private final GraphProto.Builder graph;

    OnnxGraph(String name, Safetensors weights) {
        this.weights = weights;
        this.graph = GraphProto.newBuilder().setName(name);
    }

    /** The output of a node or an input of the graph. */
    record Value(String name) {}

    /** An input of float32 whose first axis is the batch, of any size; shape: the others. */
    Value input(String name, long... shape) {
        graph.addInput(OnnxMessages.description(name, shape));
        return new Value(name);
    }

    /** Makes a value an output of the graph; shape: the axes after the batch. */
    void output(Value value, long... shape) {
        graph.addOutput(OnnxMessages.description(value.name(), shape));
    }

    // x: N×C×H×W → N×C'×H'×W', without bias
    Value convolution(Value x, String layer, int stride, int padding) {
        long[] kernel = weights.shape(layer + ".weight");
        return node(
                "Conv",
                layer,
                List.of(x, weight(layer + ".weight")),
                integers("kernel_shape", kernel[2], kernel[3]),
                integers("strides", stride, stride),
                integers("pads", padding, padding, padding, padding));
    }

    // x: N×C×H×W, by the running statistics
    Value batchNorm(Value x, String layer, float epsilon) {
        return node(
                "BatchNormalization",
                layer,
                List.of(
                        x,
                        weight(layer + ".weight"),
                        weight(layer + ".bias"),
                        weight(layer + ".running_mean"),
                        weight(layer + ".running_var")),
                number("epsilon", epsilon));
    }

    /** Channels of a layer's norm. */
    int channels(String layer) {
        return (int) weights.shape(layer + ".weight")[0];
    }

    // x: N×C×H×W. The operators of this version have none for it; each group becomes a channel of instance norm
    Value groupNorm(Value x, String layer, int groups, float epsilon) {
        float[] ones = new float[groups];
        Arrays.fill(ones, 1);
        Value grouped = node("Reshape", layer + "/groups", List.of(x, constant(layer + "/shape", 0, groups, -1)));
        Value normalised = node(
                "InstanceNormalization",
                layer + "/normalised",
                List.of(grouped, constant(layer + "/ones", ones), constant(layer + "/zeros", new float[groups])),
                number("epsilon", epsilon));
        Value whole = node(
                "Reshape", layer + "/whole", List.of(normalised, node("Shape", layer + "/whole-shape", List.of(x))));
        Value scaled = node("Mul", layer + "/scaled", List.of(whole, overPositions(layer + ".weight")));
        return node("Add", layer, List.of(scaled, overPositions(layer + ".bias")));
    }

    Value relu(Value x, String name) {
        return node("Relu", name, List.of(x));
    }

    Value add(Value x, Value y, String name) {
        return node("Add", name, List.of(x, y));
    }

    Value maxPool(Value x, String name, int size, int stride, int padding) {
        return node(
                "MaxPool",
                name,
                List.of(x),
                integers("kernel_shape", size, size),
                integers("strides", stride, stride),
                integers("pads", padding, padding, padding, padding));
    }

    // x: N×C×H×W → N×C×1×1
    Value globalAveragePool(Value x, String name) {
        return node("GlobalAveragePool", name, List.of(x));
    }

    // x: N×C×H×W → N×C'×H/size×W/size, with bias, each patch by itself
    Value patches(Value x, String layer, int size) {
        return node(
                "Conv",
                layer,
                List.of(x, weight(layer + ".weight"), weight(layer + ".bias")),
                integers("kernel_shape", size, size),
                integers("strides", size, size));
    }

    Value difference(Value x, Value y, String name) {
        return node("Sub", name, List.of(x, y));
    }

    Value product(Value x, Value y, String name) {
        return node("Mul", name, List.of(x, y));
    }

    Value quotient(Value x, Value y, String name) {
        return node("Div", name, List.of(x, y));
    }

    Value squareRoot(Value x, String name) {
        return node("Sqrt", name, List.of(x));
    }

    Value errorFunction(Value x, String name) {
        return node("Erf", name, List.of(x));
    }

    Value matMul(Value x, Value y, String name) {
        return node("MatMul", name, List.of(x, y));
    }

    Value softmax(Value x, String name, int axis) {
        return node("Softmax", name, List.of(x), integer("axis", axis));
    }

    Value transpose(Value x, String name, long... axes) {
        return node("Transpose", name, List.of(x), integers("perm", axes));
    }

    // 0 keeps a length
    Value reshape(Value x, String name, long... shape) {
        return node("Reshape", name, List.of(x, constant(name + "/shape", shape)));
    }

    // the part of that number, without its axis
    Value at(Value x, String name, int index, int axis) {
        graph.addInitializer(OnnxMessages.integerScalar(name + "/index", index));
        return node("Gather", name, List.of(x, new Value(name + "/index")), integer("axis", axis));
    }

    // the parts from that number on
    Value after(Value x, String name, int from, int axis) {
        return node(
                "Slice",
                name,
                List.of(
                        x,
                        constant(name + "/from", (long) from),
                        constant(name + "/to", Long.MAX_VALUE),
                        constant(name + "/axes", (long) axis)));
    }

    Value mean(Value x, String name, int axis, boolean kept) {
        return node("ReduceMean", name, List.of(x), integers("axes", axis), integer("keepdims", kept ? 1 : 0));
    }

    Value concatenated(List<Value> parts, String name, int axis) {
        return node("Concat", name, parts, integer("axis", axis));
    }

    // x: N×… → the number N, with one axis
    Value batchSize(Value x, String name) {
        return node("Shape", name, List.of(x), integer("start", 0), integer("end", 1));
    }

    // x repeated along its axes of length 1
    Value expanded(Value x, Value shape, String name) {
        return node("Expand", name, List.of(x, shape));
    }

    // x: N×… → N×(product of the rest)
    Value flatten(Value x, String name) {
        return node("Flatten", name, List.of(x));
    }

    GraphProto build() {
        return graph.build();
    }

    private Value node(String operator, String name, List<Value> inputs, AttributeProto... attributes) {
        graph.addNode(NodeProto.newBuilder()
                .setOpType(operator)
                .setName(name)
                .addAllInput(inputs.stream().map(Value::name).toList())
                .addOutput(name)
                .addAllAttribute(Arrays.asList(attributes)));
        return new Value(name);
    }

    /** The tensor of that name, put into the graph. */
    Value weight(String name) {
        long[] shape = weights.shape(name);
        return tensor(name, weights.tensor(name, shape), shape);
    }

    /** The tensor of that name and of shape C as C×1×1. */
    private Value overPositions(String name) {
        long[] shape = weights.shape(name);
        return tensor(name, weights.tensor(name, shape), shape[0], 1, 1);
    }

    Value constant(String name, float... values) {
        return tensor(name, values, values.length);
    }

    Value constant(String name, long... values) {
        graph.addInitializer(OnnxMessages.integerTensor(name, values));
        return new Value(name);
    }

    private Value tensor(String name, float[] values, long... shape) {
        graph.addInitializer(OnnxMessages.floatTensor(name, values, shape));
        return new Value(name);
    }
}
