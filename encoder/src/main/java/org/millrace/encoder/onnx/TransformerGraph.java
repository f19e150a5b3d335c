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
        Value first = repeated(graph, images, VisionTransformer.CLASS_TOKEN, 1, specification.width());
        if (specification.registers() == 0) {
            return graph.add(graph.concatenated(List.of(first, patches), "tokens", 1), positions, "embedded");
        }
        Value registers =
                repeated(graph, images, VisionTransformer.REGISTERS, specification.registers(), specification.width());
        Value placed = graph.add(patches, positions, "embedded");
        return graph.concatenated(List.of(first, registers, placed), "tokens", 1);
    }

    private Value block(OnnxGraph graph, Value x, TransformerBlock block) {
        String name = block.name();
        Value y = attention(graph, norm(graph, x, name + "norm1", name + "norm1"), block);
        Value z = graph.add(x, residual(graph, y, block, "ls1"), name + "add1");
        Value hidden = linear(graph, norm(graph, z, name + "norm2", name + "norm2"), name + "mlp.fc1");
        y = linear(graph, gelu(graph, hidden, name + "mlp.act"), name + "mlp.fc2");
        return graph.add(z, residual(graph, y, block, "ls2"), name + "add2");
    }

    private Value residual(OnnxGraph graph, Value y, TransformerBlock block, String layer) {
        String name = block.name() + layer;
        return block.scaled() ? graph.product(y, graph.weight(name + ".gamma"), name) : y;
    }

    private Value attention(OnnxGraph graph, Value x, TransformerBlock block) {
        String name = block.name() + "attn";
        int size = block.width() / block.heads();
        Value all = linear(graph, x, name + ".qkv"); // N×T×3D
        Value split = graph.reshape(all, name + "/heads", 0, 0, 3, block.heads(), size);
        Value parts = graph.transpose(split, name + "/parts", 2, 0, 3, 1, 4); // 3×N×heads×T×d
        Value queries = graph.at(parts, name + "/queries", 0, 0);
        Value keys = graph.transpose(graph.at(parts, name + "/keys", 1, 0), name + "/turned", 0, 1, 3, 2);
        Value values = graph.at(parts, name + "/values", 2, 0);
        Value factor = graph.constant(name + "/factor", (float) (1 / Math.sqrt(size)));
        Value scores = graph.product(graph.matMul(queries, keys, name + "/scores"), factor, name + "/scaled");
        Value mixed = graph.matMul(graph.softmax(scores, name + "/softmax", LAST), values, name + "/mixed");
        Value together = graph.transpose(mixed, name + "/together", 0, 2, 1, 3);
        return linear(graph, graph.reshape(together, name + "/joined", 0, 0, block.width()), name + ".proj");
    }

    // x: …×C, each row normalised; in single operators, which this version has no one for
    private static Value norm(OnnxGraph graph, Value x, String layer, String output) {
        Value centred = graph.difference(x, graph.mean(x, layer + "/mean", LAST, true), layer + "/centred");
        Value squares = graph.product(centred, centred, layer + "/squares");
        Value variance = graph.mean(squares, layer + "/variance", LAST, true);
        Value epsilon = graph.constant(layer + "/epsilon", VisionTransformer.EPSILON);
        Value deviation = graph.squareRoot(graph.add(variance, epsilon, layer + "/sum"), layer + "/root");
        Value normalised = graph.quotient(centred, deviation, layer + "/normalised");
        Value scaled = graph.product(normalised, graph.weight(layer + ".weight"), layer + "/scaled");
        return graph.add(scaled, graph.weight(layer + ".bias"), output);
    }

    // x: …×C → …×C', with bias
    private static Value linear(OnnxGraph graph, Value x, String layer) {
        Value turned = graph.transpose(graph.weight(layer + ".weight"), layer + "/turned", 1, 0);
        return graph.add(graph.matMul(x, turned, layer + "/product"), graph.weight(layer + ".bias"), layer);
    }

    // x·(1 + erf(x/√2))/2
    private static Value gelu(OnnxGraph graph, Value x, String name) {
        Value part = graph.product(x, graph.constant(name + "/root", (float) Math.sqrt(0.5)), name + "/part");
        Value error = graph.errorFunction(part, name + "/erf");
        Value share = graph.add(error, graph.constant(name + "/one", 1f), name + "/share");
        return graph.product(graph.product(x, share, name + "/both"), graph.constant(name + "/half", 0.5f), name);
    }

    // the tensor of that name, 1×rest, once for each image: N×rest
    private static Value repeated(OnnxGraph graph, Value images, String tensor, long... rest) {
        Value count = graph.batchSize(images, tensor + "/count");
        Value others = graph.constant(tensor + "/rest", rest);
        Value shape = graph.concatenated(List.of(count, others), tensor + "/all", 0);
        return graph.expanded(graph.weight(tensor), shape, tensor + "/repeated");
    }
}
