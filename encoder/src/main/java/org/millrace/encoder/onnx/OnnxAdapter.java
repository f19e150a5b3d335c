package org.millrace.encoder.onnx;

import static org.millrace.contract.Check.check;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import com.google.protobuf.InvalidProtocolBufferException;
import java.util.List;

/**
 * A model of {@link OnnxModel} with an affine map behind its features, y = xW + b: one Gemm. The output keeps its name, {@value
 * OnnxModel#OUTPUT}, and is N×D′.
 */
public final class OnnxAdapter {
    private static final String MATRIX = "adapter.weight";
    private static final String OFFSET = "adapter.bias";
    private static final String BEFORE = "encoder-" + OnnxModel.OUTPUT;

    private OnnxAdapter() {}

    /**
     * The model's file.
     *
     * @param model that {@link OnnxModel#of} made, with D features
     * @param weights W, D×D′, row by row
     * @param offset b, D′
     */
    public static byte[] append(byte[] model, float[] weights, float[] offset) {
        ModelProto.Builder mapped = parse(model);
        GraphProto.Builder graph = mapped.getGraphBuilder();
        int outputs = offset.length;
        int inputs = weights.length / outputs;
        long features = graph.getOutput(0)
                .getType()
                .getTensorType()
                .getShape()
                .getDim(1)
                .getDimValue();
        check(
                features == inputs && weights.length == inputs * outputs,
                "an adapter of %d features cannot follow an encoder of %d",
                inputs,
                features);
        int renamed = 0;
        for (NodeProto.Builder node : graph.getNodeBuilderList()) {
            for (int i = 0; i < node.getOutputCount(); i++) {
                if (node.getOutput(i).equals(OnnxModel.OUTPUT)) {
                    node.setOutput(i, BEFORE);
                    renamed++;
                }
            }
        }
        check(
                renamed == 1,
                "the model's output %s must come from one node, but comes from %d",
                OnnxModel.OUTPUT,
                renamed);
        graph.addInitializer(OnnxMessages.floatTensor(MATRIX, weights, inputs, outputs));
        graph.addInitializer(OnnxMessages.floatTensor(OFFSET, offset, outputs));
        graph.addNode(NodeProto.newBuilder()
                .setOpType("Gemm")
                .setName("adapter")
                .addAllInput(List.of(BEFORE, MATRIX, OFFSET))
                .addOutput(OnnxModel.OUTPUT));
        graph.getOutputBuilder(0)
                .getTypeBuilder()
                .getTensorTypeBuilder()
                .getShapeBuilder()
                .getDimBuilder(1)
                .setDimValue(outputs);
        return mapped.build().toByteArray();
    }

    private static ModelProto.Builder parse(byte[] model) {
        try {
            return ModelProto.parseFrom(model).toBuilder();
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalArgumentException("no ONNX model", e);
        }
    }
}
