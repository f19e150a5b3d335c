package org.millrace.evaluator;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.StreamSupport;
import org.millrace.contract.event.Json;
import org.millrace.encoder.matrix.FeatureMatrix;

/** A reference vector of the test resources that keeps count of which of its expected outputs were checked. */
public final class ReferenceVector {
    private final JsonNode root;
    private final Set<String> unchecked = new TreeSet<>();

    private ReferenceVector(JsonNode root) {
        this.root = root;
        root.path("expected").fieldNames().forEachRemaining(unchecked::add);
    }

    public static ReferenceVector load(String name) {
        try (InputStream in =
                Objects.requireNonNull(ReferenceVector.class.getResourceAsStream("/vectors/" + name + ".json"))) {
            return new ReferenceVector(Json.read(in.readAllBytes(), JsonNode.class));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public FeatureMatrix matrix(String input) {
        JsonNode shape = root.path("inputs").path(input).path("shape");
        return new FeatureMatrix(shape.path(0).asInt(), shape.path(1).asInt(), values(input));
    }

    public double[] values(String input) {
        return doubles(root.path("inputs").path(input));
    }

    public double number(String parameter) {
        JsonNode node = root.path("params").path(parameter);
        assertThat(node.isNumber()).as("parameter %s", parameter).isTrue();
        return node.asDouble();
    }

    public int integer(String parameter) {
        return (int) number(parameter);
    }

    public double[] numbers(String parameter) {
        return StreamSupport.stream(root.path("params").path(parameter).spliterator(), false)
                .mapToDouble(JsonNode::asDouble)
                .toArray();
    }

    /** Asserts |actual − expected| ≤ abs + rel·|expected| at the case's double tolerance; integers must be equal. */
    public void check(String output, double... actual) {
        JsonNode expected = root.path("expected").path(output);
        double[] wanted = doubles(expected);
        assertThat(actual).as("length of %s", output).hasSameSizeAs(wanted);
        boolean exact = expected.path("dtype").asText().equals("int64");
        double absolute = exact ? 0 : root.path("tolerance").path("float64_abs").asDouble();
        double relative = exact ? 0 : root.path("tolerance").path("float64_rel").asDouble();
        assertThat(exact || absolute > 0).as("tolerance of %s", output).isTrue();
        for (int i = 0; i < wanted.length; i++) {
            assertThat(Math.abs(actual[i] - wanted[i]))
                    .as("%s[%d]: got %s, wanted %s", output, i, actual[i], wanted[i])
                    .isLessThanOrEqualTo(absolute + relative * Math.abs(wanted[i]));
        }
        unchecked.remove(output);
    }

    /** Asserts that each expected output of the file was checked. */
    public void allChecked() {
        assertThat(unchecked).as("expected outputs that no check looked at").isEmpty();
    }

    private static double[] doubles(JsonNode tensor) {
        return tensor.isNumber()
                ? new double[] {tensor.asDouble()}
                : StreamSupport.stream(tensor.path("data").spliterator(), false)
                        .mapToDouble(JsonNode::asDouble)
                        .toArray();
    }
}
