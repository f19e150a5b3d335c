package org.millrace.trainer;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;
import org.millrace.contract.event.Json;

/** A reference vector of the test resources: float64 tensors, flat row-major with their shape, and the tolerance of each output. */
public record Vector(JsonNode root) {
    public static Vector load(String name) {
        try (InputStream in = Objects.requireNonNull(Vector.class.getResourceAsStream("/vectors/" + name + ".json"))) {
            return new Vector(Json.read(in.readAllBytes(), JsonNode.class));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public float[] input(String name) {
        return floats(root.path("inputs").path(name).path("data"));
    }

    /** Length of one axis of an input. */
    public int size(String name, int axis) {
        return root.path("inputs").path(name).path("shape").path(axis).asInt();
    }

    /** An input as a tensor of its own shape. */
    public NDArray tensor(String name, NDManager manager) {
        JsonNode shape = root.path("inputs").path(name).path("shape");
        long[] sizes = new long[shape.size()];
        for (int i = 0; i < sizes.length; i++) {
            sizes[i] = shape.path(i).asLong();
        }
        return manager.create(input(name), new Shape(sizes));
    }

    public JsonNode parameter(String name) {
        return root.path("params").path(name);
    }

    public double number(String parameter) {
        return parameter(parameter).asDouble();
    }

    /** Asserts |actual − expected| ≤ abs + rel·|expected| for float32, with the output's own absolute tolerance. */
    public void check(String output, float... actual) {
        JsonNode expected = root.path("expected").path(output);
        assertThat(actual.length)
                .as("length of %s", output)
                .isEqualTo(expected.isNumber() ? 1 : expected.path("data").size());
        checkAt(output, 0, actual);
    }

    /** Asserts on the part of an output of whole numbers that begins at {@code from}. */
    public void checkExactlyAt(String output, int from, long... actual) {
        JsonNode data = root.path("expected").path(output).path("data");
        assertThat(from + actual.length).as("length of %s", output).isLessThanOrEqualTo(data.size());
        for (int i = 0; i < actual.length; i++) {
            assertThat(actual[i]).as("%s[%d]", output, from + i).isEqualTo(data.path(from + i).asLong());
        }
    }

    /** Asserts on the part of an output that begins at {@code from}. */
    public void checkAt(String output, int from, float... actual) {
        JsonNode expected = root.path("expected").path(output);
        double[] values = expected.isNumber() ? new double[] {expected.asDouble()} : doubles(expected.path("data"));
        double absolute = root.path("tolerance")
                .path("float32_abs_per_output")
                .path(output)
                .asDouble(0);
        assertThat(absolute).as("tolerance of %s", output).isPositive();
        double relative = root.path("tolerance").path("float32_rel").asDouble();
        assertThat(from + actual.length).as("length of %s", output).isLessThanOrEqualTo(values.length);
        for (int i = 0; i < actual.length; i++) {
            double wanted = values[from + i];
            assertThat(Math.abs(actual[i] - wanted))
                    .as("%s[%d]: got %s, wanted %s", output, from + i, actual[i], wanted)
                    .isLessThanOrEqualTo(absolute + relative * Math.abs(wanted));
        }
    }

    private static double[] doubles(JsonNode data) {
        double[] values = new double[data.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = data.path(i).asDouble();
        }
        return values;
    }

    private static float[] floats(JsonNode data) {
        float[] values = new float[data.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) data.path(i).asDouble();
        }
        return values;
    }
}
