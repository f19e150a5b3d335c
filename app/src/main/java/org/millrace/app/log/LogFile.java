package org.millrace.app.log;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.rolling.FixedWindowRollingPolicy;
import ch.qos.logback.core.rolling.RollingFileAppender;
import ch.qos.logback.core.rolling.TriggeringPolicyBase;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.HeldFile;
import org.millrace.contract.PrivateFolder;
import org.millrace.contract.config.LogConfig;

/**
 * A log file of bounded size with a few older ones beside it. Created with the first message, so that a command with nothing to log leaves
 * no file; if another process is writing it, this one adds a number to the name. Thread safe.
 */
final class LogFile extends AppenderBase<ILoggingEvent> {
    private static final int MOST_PROCESSES = 20;

    private final Path wanted;
    private final LogConfig settings;
    private final Encoder<ILoggingEvent> encoder;
    private boolean tried;
    private @Nullable RollingFileAppender<ILoggingEvent> file;
    private @Nullable HeldFile held;

    LogFile(Path wanted, LogConfig settings, Encoder<ILoggingEvent> encoder) {
        this.wanted = wanted.toAbsolutePath();
        this.settings = settings;
        this.encoder = encoder;
    }

    // called by one thread at a time
    @Override
    protected void append(ILoggingEvent event) {
        if (!tried) {
            tried = true;
            open();
        }
        if (file != null) {
            file.doAppend(event);
        }
    }

    @Override
    public void stop() {
        super.stop();
        if (file != null) {
            file.stop();
        }
        if (held != null) {
            held.close();
        }
    }

    // also on a thread that is being interrupted, as a stopped command's is: its channels would close at once
    private void open() {
        boolean interrupted = Thread.interrupted();
        try {
            PrivateFolder.make(Objects.requireNonNull(wanted.getParent()));
            start(take());
        } catch (IOException e) {
            System.err.println("millrace: the log file " + wanted + " cannot be written: " + e
                    + "\nSet run.log-file to another file; until then messages of libraries are lost.");
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** The first name that no other process uses. */
    private Path take() throws IOException {
        String last = "";
        for (int process = 1; process <= MOST_PROCESSES; process++) {
            Path path = numbered(process);
            try {
                held = HeldFile.take(
                        path.resolveSibling("." + path.getFileName() + ".lock"),
                        "process " + ProcessHandle.current().pid());
                return path;
            } catch (HeldFile.TakenException e) {
                last = e.holder();
            }
        }
        throw new IOException(MOST_PROCESSES + " processes write such files already, the last " + last);
    }

    private Path numbered(int process) {
        if (process == 1) {
            return wanted;
        }
        String name = String.valueOf(wanted.getFileName());
        int dot = name.lastIndexOf('.') > 0 ? name.lastIndexOf('.') : name.length();
        return wanted.resolveSibling(name.substring(0, dot) + "-" + process + name.substring(dot));
    }

    /** Logback's own policy checks the size only occasionally, so a flood of messages exceeds it. */
    private static final class Full extends TriggeringPolicyBase<ILoggingEvent> {
        private final long bytes;

        Full(long bytes) {
            this.bytes = bytes;
        }

        @Override
        public boolean isTriggeringEvent(File active, ILoggingEvent event) {
            return active.length() >= bytes;
        }
    }

    private void start(Path path) throws IOException {
        if (Files.isDirectory(path)) {
            throw new IOException("it is a folder");
        }
        RollingFileAppender<ILoggingEvent> appender = new RollingFileAppender<>();
        appender.setContext(getContext());
        appender.setFile(path.toString());
        appender.setEncoder(encoder);

        FixedWindowRollingPolicy older = new FixedWindowRollingPolicy();
        older.setContext(getContext());
        older.setParent(appender);
        older.setFileNamePattern(path.toString().replace("%", "\\%") + ".%i");
        older.setMinIndex(1);
        older.setMaxIndex(settings.files());
        older.start();

        Full size = new Full(settings.fileBytes());
        size.setContext(getContext());
        size.start();

        appender.setRollingPolicy(older);
        appender.setTriggeringPolicy(size);
        appender.start();
        file = appender;
    }
}
