package org.millrace.evaluator.score;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.stream.StreamSupport;
import org.millrace.contract.event.Json;
import org.millrace.encoder.matrix.FeatureMatrix;

/** A reference vector of the test resources: tensors are flat row-major data with their shape. */
record Vectors(JsonNode root) {
    static Vectors load(String name) {
        try (InputStream in = Vectors.class.getResourceAsStream("/vectors/" + name)) {
            return new Vectors(Json.read(in.readAllBytes(), JsonNode.class));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    double[] doubles(String pointer) {
        return StreamSupport.stream(data(pointer).spliterator(), false)
                .mapToDouble(JsonNode::asDouble)
                .toArray();
    }

    int[] ints(String pointer) {
        return StreamSupport.stream(data(pointer).spliterator(), false)
                .mapToInt(JsonNode::asInt)
                .toArray();
    }

    FeatureMatrix matrix(String pointer) {
        JsonNode shape = root.at(pointer).get("shape");
        return new FeatureMatrix(shape.get(0).asInt(), shape.get(1).asInt(), doubles(pointer));
    }

    double number(String pointer) {
        return root.at(pointer).asDouble();
    }

    int integer(String pointer) {
        return root.at(pointer).asInt();
    }

    /** Whether |actual − expected| ≤ abs + rel·|expected| holds for the double tolerance of the case. */
    boolean close(double actual, double expected) {
        return Math.abs(actual - expected)
                <= number("/tolerance/float64_abs") + number("/tolerance/float64_rel") * Math.abs(expected);
    }

    boolean close(double[] actual, double[] expected) {
        boolean close = actual.length == expected.length;
        for (int i = 0; close && i < actual.length; i++) {
            close = close(actual[i], expected[i]);
        }
        return close;
    }

    private JsonNode data(String pointer) {
        return root.at(pointer).get("data");
    }
}
