package org.millrace.contract.vector;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.millrace.contract.event.Json;

/**
 * A reference vector of the test resources: float64 tensors, flat row-major with their shape, parameters, and the tolerance of each
 * expected output. It keeps count of the outputs that were checked.
 *
 * <p>Floats are held to the vector's tolerance of float32, doubles to that of float64, |got − wanted| ≤ abs + rel·|wanted|; outputs of
 * whole numbers must be equal.
 */
public final class ReferenceVector {
    private final JsonNode root;
    private final Set<String> unchecked = new TreeSet<>();

    private ReferenceVector(JsonNode root) {
        this.root = root;
        root.path("expected").fieldNames().forEachRemaining(unchecked::add);
    }

    public static ReferenceVector load(String name) {
        String resource = "/vectors/" + name + ".json";
        try (InputStream in = Objects.requireNonNull(ReferenceVector.class.getResourceAsStream(resource), resource)) {
            return new ReferenceVector(Json.read(in.readAllBytes(), JsonNode.class));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The whole file. */
    public JsonNode root() {
        return root;
    }

    public float[] floats(String input) {
        return floats(doubles(input));
    }

    public double[] doubles(String input) {
        return values(root.path("inputs"), input);
    }

    /** An input of whole numbers. */
    public int[] integers(String input) {
        return Arrays.stream(doubles(input)).mapToInt(value -> (int) value).toArray();
    }

    public long[] shape(String input) {
        return StreamSupport.stream(
                        root.path("inputs").path(input).path("shape").spliterator(), false)
                .mapToLong(JsonNode::asLong)
                .toArray();
    }

    /** Length of one axis of an input. */
    public int size(String input, int axis) {
        return (int) shape(input)[axis];
    }

    public JsonNode parameter(String name) {
        return root.path("params").path(name);
    }

    public double number(String parameter) {
        JsonNode node = parameter(parameter);
        assertThat(node.isNumber()).as("parameter %s", parameter).isTrue();
        return node.asDouble();
    }

    public int integer(String parameter) {
        return (int) number(parameter);
    }

    public double[] numbers(String parameter) {
        return StreamSupport.stream(parameter(parameter).spliterator(), false)
                .mapToDouble(JsonNode::asDouble)
                .toArray();
    }

    /** What a computation should give, for what has no tolerance: classes, indices. */
    public int[] expectedIntegers(String output) {
        unchecked.remove(output);
        return Arrays.stream(values(root.path("expected"), output))
                .mapToInt(value -> (int) value)
                .toArray();
    }

    /** Asserts on a whole output, of float32. */
    public void check(String output, float... actual) {
        checkLength(output, actual.length);
        checkAt(output, 0, actual);
    }

    /** Asserts on a whole output, of float64. */
    public void check(String output, double... actual) {
        checkLength(output, actual.length);
        checkAt(output, 0, actual);
    }

    /** Asserts on a whole output of whole numbers. */
    public void check(String output, int... actual) {
        checkLength(output, actual.length);
        checkAt(output, 0, Arrays.stream(actual).asLongStream().toArray());
    }

    /** Asserts on the part of an output that begins at {@code from}. */
    public void checkAt(String output, int from, float... actual) {
        double[] wide =
                IntStream.range(0, actual.length).mapToDouble(i -> actual[i]).toArray();
        checkAt(output, from, wide, tolerance("float32_abs_per_output", output), tolerance("float32_rel"));
    }

    /** Asserts on the part of an output of whole numbers that begins at {@code from}. */
    public void checkAt(String output, int from, long... actual) {
        double[] wide = Arrays.stream(actual).asDoubleStream().toArray();
        assertThat(isWhole(output)).as("%s is of whole numbers", output).isTrue();
        checkAt(output, from, wide, 0, 0);
    }

    private void checkAt(String output, int from, double... actual) {
        checkAt(output, from, actual, tolerance("float64_abs"), tolerance("float64_rel"));
    }

    private void checkAt(String output, int from, double[] actual, double absolute, double relative) {
        double[] wanted = values(root.path("expected"), output);
        boolean exact = isWhole(output);
        assertThat(exact || absolute > 0)
                .as("there is a tolerance of %s", output)
                .isTrue();
        assertThat(from + actual.length).as("length of %s", output).isLessThanOrEqualTo(wanted.length);
        for (int i = 0; i < actual.length; i++) {
            double expected = wanted[from + i];
            assertThat(Math.abs(actual[i] - expected))
                    .as("%s[%d]: got %s, wanted %s", output, from + i, actual[i], expected)
                    .isLessThanOrEqualTo(exact ? 0 : absolute + relative * Math.abs(expected));
        }
        unchecked.remove(output);
    }

    /** Asserts that each expected output of the file was checked. */
    public void allChecked() {
        assertThat(unchecked).as("expected outputs that no check looked at").isEmpty();
    }

    private void checkLength(String output, int length) {
        assertThat(length).as("length of %s", output).isEqualTo(values(root.path("expected"), output).length);
    }

    private boolean isWhole(String output) {
        return root.path("expected").path(output).path("dtype").asText().equals("int64");
    }

    private double tolerance(String... path) {
        JsonNode node = root.path("tolerance");
        for (String name : path) {
            node = node.path(name);
        }
        return node.asDouble(0);
    }

    private static double[] values(JsonNode tensors, String name) {
        JsonNode tensor = tensors.path(name);
        assertThat(tensor.isMissingNode()).as("the vector lacks %s", name).isFalse();
        return tensor.isNumber()
                ? new double[] {tensor.asDouble()}
                : StreamSupport.stream(tensor.path("data").spliterator(), false)
                        .mapToDouble(JsonNode::asDouble)
                        .toArray();
    }

    private static float[] floats(double[] values) {
        float[] narrow = new float[values.length];
        for (int i = 0; i < narrow.length; i++) {
            narrow[i] = (float) values[i];
        }
        return narrow;
    }
}
