import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Checks that the report of {@code millrace demo} tells of a run that learned. Run as one source file with Jackson on the class path. */
final class CheckReport {
    private final JsonNode report;
    private final List<String> problems = new ArrayList<>();

    private CheckReport(JsonNode report) {
        this.report = report;
    }

    public static void main(String[] arguments) throws IOException {
        CheckReport check = new CheckReport(new ObjectMapper().readTree(new File(arguments[0])));
        check.everything();
        check.problems.forEach(problem -> System.err.println("the demo's report: " + problem));
        System.out.println(check.problems.isEmpty() ? "the demo's report is good" : "the demo's report is not good");
        System.exit(check.problems.isEmpty() ? 0 : 1);
    }

    private void everything() {
        double pushed = number("/imagesPushed");
        double trained = number("/imagesTrained");
        check(pushed > 0, "no image was pushed");
        check(trained > 0 && trained <= pushed, "trained images must be in (0, pushed " + pushed + "], but were " + trained);
        check(number("/imagesRejected") == 0, "an image of the samples was rejected");
        check(number("/steps") > 0, "no step was made");
        check(number("/imagesPerSecond") > 0, "no speed");
        check(number("/lossFirst") > 0 && number("/lossLast") > 0, "no loss");
        check(number("/keysCapacity") >= number("/keysFilled") && number("/keysFilled") > 0, "the key store is empty or too full");
        check(report.at("/stageMillis").size() > 0, "no stage was timed");

        accuracy("/untrained/linear");
        accuracy("/untrained/neighbours");
        check(number("/last/version") > 0, "no encoder after the untrained one was scored");
        check(number("/margin/wanted") > 0, "the demo states no margin");
        check(report.at("/margin/met").asBoolean(), "the last encoder must beat the untrained one by the stated margin, but: " + report.at("/margin"));
        check(
                accuracy("/last/linear") > accuracy("/untrained/linear"),
                "the last encoder must beat the untrained one in the linear probe");
        check(
                accuracy("/last/neighbours") > accuracy("/untrained/neighbours"),
                "the last encoder must beat the untrained one by its neighbours");
    }

    private double accuracy(String pointer) {
        double value = number(pointer);
        check(value > 0 && value <= 1, pointer + " must be an accuracy in (0, 1], but was " + value);
        return value;
    }

    private double number(String pointer) {
        JsonNode node = report.at(pointer);
        check(node.isNumber(), pointer + " must be a number, but was '" + node + "'");
        return node.asDouble();
    }

    private void check(boolean condition, String problem) {
        if (!condition) {
            problems.add(problem);
        }
    }
}
