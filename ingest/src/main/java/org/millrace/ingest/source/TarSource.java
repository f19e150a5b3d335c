package org.millrace.ingest.source;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.FileNames;
import org.millrace.contract.OutsideText;

/** A tar file, also a compressed one; a plain one can be read in any order, a compressed one only from its beginning. */
record TarSource(SourceEntry.SourceName sourceName, Compression compression) implements ImageSource {
    @Override
    public String path() {
        return sourceName.path();
    }

    @Override
    public boolean readInAnyOrder() {
        return compression == Compression.NONE;
    }

    @Override
    public OptionalLong count() throws IOException {
        return readInAnyOrder() ? ImageSource.super.count() : OptionalLong.empty();
    }

    @Override
    public EntryReader open() throws IOException {
        return new Reader(sourceName, FileNames.path(path()), compression);
    }

    private static final class Reader implements EntryReader {
        /** Room for the headers between two entries, among them long names. */
        private static final long HEADER_BYTES = 256 * 1024;

        private static final int BLOCK = TarConstants.DEFAULT_RCDSIZE;

        private final SourceEntry.SourceName sourceName;
        private final MeteredInput metered;
        private final TarArchiveInputStream tar;
        /** Of a plain tar file, for reading in any order. */
        private final @Nullable FileChannel channel;

        private String lastName = "";

        Reader(SourceEntry.SourceName sourceName, Path file, Compression compression) throws IOException {
            this.sourceName = sourceName;
            InputStream in = Files.newInputStream(file);
            try {
                metered = new MeteredInput(compression.open(in));
                channel = compression == Compression.NONE ? FileChannel.open(file) : null;
            } catch (ClosedByInterruptException e) {
                in.close();
                throw e;
            } catch (IOException | RuntimeException e) {
                in.close();
                throw damaged(FileReading.why(e), e);
            }
            tar = new TarArchiveInputStream(metered, StandardCharsets.ISO_8859_1.name());
            metered.endAt(HEADER_BYTES);
            metered.keepFrom(0);
        }

        @Override
        public Optional<SourceEntry> next() throws IOException {
            while (true) {
                TarArchiveEntry entry = nextInTar();
                if (entry == null) {
                    return Optional.empty();
                }
                if (!entry.isCheckSumOK()) {
                    throw damaged("the checksum of the next header is wrong", null);
                }
                String name = name();
                lastName = name;
                long begin = metered.position();
                metered.endAt(begin + entry.getSize() + HEADER_BYTES);
                metered.keepFrom(begin + (entry.getSize() + BLOCK - 1) / BLOCK * BLOCK);
                String shown = name.startsWith("./") ? name.substring(2) : name;
                if (entry.isDirectory() || isAttributesOnly(entry) || Junk.isJunk(shown)) {
                    continue;
                }
                var origin = SourceEntry.Origin.inArchive(sourceName, shown);
                return Optional.of(new SourceEntry(
                        origin,
                        origin.folder(),
                        null,
                        entry.getLastModifiedTime().toInstant(),
                        limit -> read(entry, begin, limit)));
            }
        }

        @Override
        public void close() throws IOException {
            try {
                tar.close();
            } finally {
                if (channel != null) {
                    channel.close();
                }
            }
        }

        private @Nullable TarArchiveEntry nextInTar() throws IOException {
            try {
                return tar.getNextEntry();
            } catch (ClosedByInterruptException e) {
                throw e;
            } catch (IOException | RuntimeException e) { // the reader meets some damage with unchecked exceptions
                throw damaged(FileReading.why(e), e);
            }
        }

        private String name() throws SourceException {
            try {
                return OutsideText.ofName(TarNames.last(metered.kept()));
            } catch (IllegalArgumentException e) {
                throw damaged(FileReading.why(e), e);
            }
        }

        private static boolean isAttributesOnly(TarArchiveEntry entry) {
            return entry.isGlobalPaxHeader() || entry.isPaxHeader();
        }

        private Content read(TarArchiveEntry entry, long begin, int limit) throws IOException {
            if (entry.isLink() || entry.isSymbolicLink()) {
                throw new UnreadableEntryException(
                        "cannot be read: a link to '" + Names.shown(linkName(entry)) + "', which is not followed");
            }
            if (!entry.isFile() || entry.isSparse()) {
                throw new UnreadableEntryException("cannot be read: not a regular file");
            }
            try {
                return channel == null
                        ? Content.read(tar, entry.getSize(), limit)
                        : ChannelSlice.read(channel, begin, entry.getSize(), limit);
            } catch (ClosedByInterruptException e) {
                throw e;
            } catch (IOException | RuntimeException e) {
                throw damaged(FileReading.why(e), e);
            }
        }

        private static String linkName(TarArchiveEntry entry) {
            return OutsideText.ofName(entry.getLinkName().getBytes(StandardCharsets.ISO_8859_1));
        }

        private SourceException damaged(String got, @Nullable Exception cause) {
            String where =
                    lastName.isEmpty() ? "at its beginning" : "at or after entry '" + Names.shown(lastName) + "'";
            String message =
                    "push: %s is damaged or cut short as a tar file: %s: %s".formatted(sourceName.path(), where, got);
            return cause == null ? new SourceException(message) : new SourceException(message, cause);
        }
    }
}
