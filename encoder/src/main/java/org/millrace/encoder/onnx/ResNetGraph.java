package org.millrace.encoder.onnx;

import org.millrace.encoder.network.GroupNormLayer;
import org.millrace.encoder.network.ResNet;
import org.millrace.encoder.network.ResNetBlock;
import org.millrace.encoder.onnx.OnnxGraph.Value;

/** The nodes of {@link ResNet}: what its {@code forward} computes, in the same order. */
record ResNetGraph(ResNet network) implements NetworkGraph {
    @Override
    public Value build(OnnxGraph graph, Value images, String features) {
        Value x = stem(graph, images);
        for (ResNetBlock block : network.blocks()) {
            x = block(graph, x, block);
        }
        return graph.flatten(graph.globalAveragePool(x, "avgpool"), features); // N×D
    }

    private Value stem(OnnxGraph graph, Value images) {
        return switch (network.specification().stem()) {
            case CIFAR -> normalised(graph, graph.convolution(images, "conv1", 1, 1), "bn1", "relu");
            case IMAGENET ->
                graph.maxPool(
                        normalised(graph, graph.convolution(images, "conv1", 2, 3), "bn1", "relu"), "maxpool", 3, 2, 1);
        };
    }

    private Value block(OnnxGraph graph, Value x, ResNetBlock block) {
        String name = block.name();
        Value y;
        if (block.bottleneck()) {
            y = graph.convolution(x, name + "conv1", 1, 0);
            y = normalised(graph, y, name + "bn1", name + "relu1");
            y = graph.convolution(y, name + "conv2", block.stride(), 1);
            y = normalised(graph, y, name + "bn2", name + "relu2");
            y = norm(graph, graph.convolution(y, name + "conv3", 1, 0), name + "bn3");
        } else {
            y = graph.convolution(x, name + "conv1", block.stride(), 1);
            y = normalised(graph, y, name + "bn1", name + "relu1");
            y = norm(graph, graph.convolution(y, name + "conv2", 1, 1), name + "bn2");
        }
        Value shortcut = x;
        if (block.changesShape()) {
            shortcut = graph.convolution(x, name + "downsample.0", block.stride(), 0);
            shortcut = norm(graph, shortcut, name + "downsample.1");
        }
        return graph.relu(graph.add(y, shortcut, name + "add"), name + "relu");
    }

    private Value normalised(OnnxGraph graph, Value x, String norm, String relu) {
        return graph.relu(norm(graph, x, norm), relu);
    }

    private Value norm(OnnxGraph graph, Value x, String name) {
        return switch (network.specification().norm()) {
            case BATCH -> graph.batchNorm(x, name, ResNet.BATCH_NORM_EPSILON);
            case GROUP ->
                graph.groupNorm(x, name, GroupNormLayer.of(graph.channels(name)).groups(), GroupNormLayer.EPSILON);
        };
    }
}
