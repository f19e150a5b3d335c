package org.millrace.encoder.onnx;

import static org.millrace.contract.Check.check;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import java.util.List;
import java.util.Map;
import org.millrace.contract.UserException;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.network.Backbone;
import org.millrace.encoder.network.ResNet;
import org.millrace.encoder.network.VisionTransformer;
import org.millrace.encoder.onnx.OnnxGraph.Value;

/**
 * An encoder with its weights as an ONNX model: input {@value #INPUT}, N×C×H×W normalised float32, N free; output {@value #OUTPUT},
 * N×D. Batch norm uses the running statistics.
 */
public final class OnnxModel {
    public static final String INPUT = "images";
    public static final String OUTPUT = "features";
    /** The version of the operators used; the oldest runtime that knows it is onnxruntime 1.10. */
    public static final int OPSET = OnnxGraph.OPSET;

    /** The version of the file format that came with that of the operators. */
    private static final int IR_VERSION = 8;

    private OnnxModel() {}

    /**
     * The model's file.
     *
     * @param metadata added to the file as they are
     * @throws IllegalArgumentException where the weights are not exactly the architecture's
     * @throws UserException for an architecture without a graph
     */
    public static byte[] of(EncoderConfig config, Safetensors weights, Map<String, String> metadata) {
        Backbone network = Backbone.of(config);
        NetworkGraph nodes = switch (config.architecture()) {
            case RESNET20, RESNET18, RESNET34, RESNET50 -> new ResNetGraph((ResNet) network);
            case VIT_TINY, VIT_SMALL, VIT_BASE -> new TransformerGraph((VisionTransformer) network);
            case AMDIM ->
                throw new UserException("an amdim encoder cannot be written as ONNX yet; --format safetensors can");
        };
        List<String> misfits = network.layout().misfits(weights, name -> false);
        check(misfits.isEmpty(), "%s", String.join("\n", misfits));

        OnnxGraph graph = new OnnxGraph(config.architecture().key(), weights);
        Value images = graph.input(INPUT, config.channels(), config.height(), config.width());
        graph.output(nodes.build(graph, images, OUTPUT), network.features());
        ModelProto.Builder model = ModelProto.newBuilder()
                .setIrVersion(IR_VERSION)
                .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(OPSET))
                .setProducerName("millrace")
                .setGraph(graph.build());
        metadata.forEach((key, value) -> model.addMetadataProps(
                StringStringEntryProto.newBuilder().setKey(key).setValue(value)));
        return model.build().toByteArray();
    }
}
