package org.millrace.app.run;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.millrace.app.Millrace;

/** The program in a separate process, to be killed. Closing it kills it. */
public final class TrainerChild implements AutoCloseable {
    private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(5); // only a hang takes that long

    private final Process process;

    private TrainerChild(Process process) {
        this.process = process;
    }

    public static TrainerChild start(String... arguments) throws IOException {
        return start(Millrace.class, arguments);
    }

    /** @param heap the option that bounds the heap */
    static TrainerChild startSmall(String heap, String... arguments) throws IOException {
        return start(heap, Millrace.class, arguments);
    }

    static TrainerChild start(Class<?> main, String... arguments) throws IOException {
        return start("-Xmx1g", main, arguments);
    }

    private static TrainerChild start(String heap, Class<?> main, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                heap,
                "-XX:TieredStopAtLevel=1", // as the tests themselves: it starts faster
                "-XX:+UseSerialGC",
                "-XX:+ExitOnOutOfMemoryError",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
        command.addAll(List.of(arguments));
        return new TrainerChild(new ProcessBuilder(command).inheritIO().start());
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** Waits until the child exits, and returns its exit code. */
    int await() throws InterruptedException {
        if (!process.waitFor(PATIENCE_NANOS, TimeUnit.NANOSECONDS)) {
            throw new AssertionError("the child does not end");
        }
        return process.exitValue();
    }

    /** Asks the child to stop, as a service manager does, and returns its exit code. */
    public int terminate() throws InterruptedException {
        process.destroy();
        return await();
    }

    /** Suspends the child for a while, as a machine that sleeps is. */
    void suspend(Duration time) throws IOException, InterruptedException {
        signal("STOP");
        Thread.sleep(time.toMillis());
        signal("CONT");
    }

    private void signal(String name) throws IOException, InterruptedException {
        int sent = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                .inheritIO()
                .start()
                .waitFor();
        if (sent != 0) {
            throw new AssertionError("the child cannot be sent " + name);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }
}
