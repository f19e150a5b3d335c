package org.millrace.app.broker;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.kafka.common.utils.Exit;
import org.millrace.contract.config.BrokerConfig;

/** A separate process with a broker: prints its address, then waits for the word {@code fault} or its end. */
final class BrokerChild implements AutoCloseable {
    private final Process process;
    private final BufferedReader output;

    private BrokerChild(Process process) {
        this.process = process;
        this.output = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    public static void main(String[] arguments) throws IOException {
        EmbeddedBroker broker = EmbeddedBroker.start(Path.of(arguments[0]), new BrokerConfig(0, -1), "millrace up");
        System.out.println("ready " + broker.bootstrapServers());
        if (System.in.read() == 'f') {
            Exit.halt(1, "the log directory failed");
        }
    }

    static BrokerChild start(Path dataFolder) throws IOException {
        List<String> command = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:TieredStopAtLevel=1", // it starts faster
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                BrokerChild.class.getName(),
                dataFolder.toString());
        return new BrokerChild(
                new ProcessBuilder(command).redirectErrorStream(true).start());
    }

    long pid() {
        return process.pid();
    }

    /** Waits until the broker serves clients; returns its address. */
    String awaitReady() {
        return lines().filter(line -> line.startsWith("ready "))
                .findFirst()
                .orElseThrow(() -> new AssertionError("the child ended early"))
                .substring("ready ".length());
    }

    void fault() throws IOException {
        try (OutputStream input = process.getOutputStream()) {
            input.write('f');
        }
    }

    /** Its remaining output on both streams, until it ends. */
    String awaitEnd() {
        return String.join("\n", lines().toList());
    }

    int exitCode() throws InterruptedException {
        return process.waitFor();
    }

    /** SIGKILL; returns when the process is gone. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            output.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Stream<String> lines() {
        return output.lines();
    }
}
