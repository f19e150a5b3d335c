package org.millrace.encoder.onnx;

import java.util.List;
import org.millrace.encoder.network.TransformerBlock;
import org.millrace.encoder.network.VisionTransformer;
import org.millrace.encoder.onnx.OnnxGraph.Value;

/** The nodes of {@link VisionTransformer}: what its {@code forward} computes, in the same order. */
record TransformerGraph(VisionTransformer network) implements NetworkGraph {
    private static final int LAST = -1; // axis

    @Override
    public Value build(OnnxGraph graph, Value images, String features) {
        Value x = tokens(graph, images); // N×(1+R+T)×D
        for (TransformerBlock block : network.blocks()) {
            x = block(graph, x, block);
        }
        return switch (network.specification().pool()) {
            case CLASS -> norm(graph, graph.at(x, "class-token", 0, 1), VisionTransformer.NORM, features);
            case MEAN -> {
                int before = network.specification().tokensBefore();
                Value patches = graph.after(x, "patches", before, 1);
                Value normalised = norm(graph, patches, VisionTransformer.NORM, VisionTransformer.NORM);
                yield graph.mean(normalised, features, 1, false);
            }
        };
    }

    private Value tokens(OnnxGraph graph, Value images) {
        VisionTransformer.Specification specification = network.specification();
        Value map = graph.patches(images, VisionTransformer.PROJECTION, specification.patch());
        Value flat = graph.reshape(map, "patch_embed/flat", 0, specification.width(), specification.patches());
        Value patches = graph.transpose(flat, "patch_embed", 0, 2, 1); // N×T×D
        Value positions = graph.weight(VisionTransformer.POSITIONS);
        Value first = graph.repeated(images, VisionTransformer.CLASS_TOKEN);
        if (specification.registers() == 0) {
            return graph.add(graph.concatenated(List.of(first, patches), "tokens", 1), positions, "embedded");
        }
        Value registers = graph.repeated(images, VisionTransformer.REGISTERS);
        Value placed = graph.add(patches, positions, "embedded");
        return graph.concatenated(List.of(first, registers, placed), "tokens", 1);
    }

    private Value block(OnnxGraph graph, Value x, TransformerBlock block) {
        String name = block.name();
        Value y = attention(graph, norm(graph, x, name + "norm1", name + "norm1"), block);
        Value z = graph.add(x, residual(graph, y, block, "ls1"), name + "add1");
        Value hidden = graph.linear(norm(graph, z, name + "norm2", name + "norm2"), name + "mlp.fc1");
        y = graph.linear(graph.gelu(hidden, name + "mlp.act"), name + "mlp.fc2");
        return graph.add(z, residual(graph, y, block, "ls2"), name + "add2");
    }

    private Value residual(OnnxGraph graph, Value y, TransformerBlock block, String layer) {
        String name = block.name() + layer;
        return block.scaled() ? graph.product(y, graph.weight(name + ".gamma"), name) : y;
    }

    private Value attention(OnnxGraph graph, Value x, TransformerBlock block) {
        String name = block.name() + "attn";
        int size = block.width() / block.heads();
        Value all = graph.linear(x, name + ".qkv"); // N×T×3D
        Value split = graph.reshape(all, name + "/heads", 0, 0, 3, block.heads(), size);
        Value parts = graph.transpose(split, name + "/parts", 2, 0, 3, 1, 4); // 3×N×heads×T×d
        Value queries = graph.at(parts, name + "/queries", 0, 0);
        Value keys = graph.transpose(graph.at(parts, name + "/keys", 1, 0), name + "/turned", 0, 1, 3, 2);
        Value values = graph.at(parts, name + "/values", 2, 0);
        Value factor = graph.constant(name + "/factor", (float) (1 / Math.sqrt(size)));
        Value scores = graph.product(graph.matMul(queries, keys, name + "/scores"), factor, name + "/scaled");
        Value mixed = graph.matMul(graph.softmax(scores, name + "/softmax", LAST), values, name + "/mixed");
        Value together = graph.transpose(mixed, name + "/together", 0, 2, 1, 3);
        return graph.linear(graph.reshape(together, name + "/joined", 0, 0, block.width()), name + ".proj");
    }

    private static Value norm(OnnxGraph graph, Value x, String layer, String output) {
        return graph.layerNorm(x, layer, VisionTransformer.EPSILON, output);
    }
}
