package org.millrace.trainer.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
class BackgroundThreadsTest {
    private static final int NICE_AFTER_THE_NAME = 16; // of proc(5), whose field 19 it is

    @Test
    void of_itsThread_givesWay_andNoOther() throws InterruptedException, ExecutionException {
        int before = nice();
        FutureTask<Integer> task = new FutureTask<>(BackgroundThreadsTest::nice);
        Thread thread = BackgroundThreads.of(task, "gives-way");
        thread.start();
        assertThat(task.get()).isEqualTo(Math.min(19, before + 10));
        assertThat(thread.getName()).isEqualTo("gives-way");
        assertThat(nice()).isEqualTo(before);
    }

    private static int nice() {
        try {
            String stat = Files.readString(Path.of("/proc/thread-self/stat"));
            return Integer.parseInt(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[NICE_AFTER_THE_NAME]);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
