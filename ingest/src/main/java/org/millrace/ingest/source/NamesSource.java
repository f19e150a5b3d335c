package org.millrace.ingest.source;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.InvalidPathException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.millrace.contract.FileNames;
import org.millrace.contract.OutsideText;

/** File names on standard input, one a line. The stream can be read once; {@code keepNames} keeps the names for later passes. */
final class NamesSource implements ImageSource {
    private static final int LONGEST_LINE = 16 * 1024;

    private final InputStream in;
    private final boolean keepNames;
    private final List<String> names = new ArrayList<>();
    private boolean readToEnd;

    NamesSource(InputStream in, boolean keepNames) {
        this.in = new BufferedInputStream(in);
        this.keepNames = keepNames;
    }

    @Override
    public String path() {
        return ImageSources.STANDARD_INPUT;
    }

    @Override
    public EntryReader open() {
        return new EntryReader() {
            private int at;

            @Override
            public Optional<SourceEntry> next() throws IOException {
                Optional<String> name = at < names.size() || readToEnd ? kept(at) : nextName();
                at++;
                return name.isPresent() ? Optional.of(entry(name.get())) : Optional.empty();
            }

            @Override
            public void close() {} // standard input belongs to the caller
        };
    }

    @Override
    public SourceException holdsNothing() {
        return new SourceException("push -: no file names came on standard input");
    }

    private Optional<String> kept(int at) {
        return at < names.size() ? Optional.of(names.get(at)) : Optional.empty();
    }

    private Optional<String> nextName() throws IOException {
        while (true) {
            Optional<String> line = nextLine();
            if (line.isEmpty()) {
                readToEnd = true;
                return line;
            }
            String name = line.get();
            String slashed = name.replace('\\', '/');
            if (!name.isBlank() && !Junk.isJunk(slashed.substring(slashed.lastIndexOf('/') + 1))) {
                if (keepNames) {
                    names.add(name);
                }
                return line;
            }
        }
    }

    private Optional<String> nextLine() throws IOException {
        var line = new ByteArrayOutputStream();
        int value = in.read();
        if (value < 0) {
            return Optional.empty();
        }
        for (; value >= 0 && value != '\n'; value = in.read()) {
            if (line.size() == LONGEST_LINE) {
                throw noNames("a line of more than " + LONGEST_LINE + " bytes");
            }
            line.write(value);
        }
        byte[] name = line.toByteArray();
        boolean carriageReturn = name.length > 0 && name[name.length - 1] == '\r';
        return Optional.of(OutsideText.ofName(carriageReturn ? Arrays.copyOf(name, name.length - 1) : name));
    }

    private SourceEntry entry(String name) throws SourceException {
        try {
            return FileSource.entry(name, FileNames.path(name));
        } catch (InvalidPathException e) {
            throw noNames(e.getReason());
        }
    }

    private static SourceException noNames(String got) {
        return new SourceException("push -: wanted file names on standard input, one a line, but got " + got
                + ". To push one file, give its path instead of -");
    }
}
