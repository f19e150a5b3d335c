package org.millrace.ingest.source;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import org.apache.commons.compress.archivers.zip.UnicodePathExtraField;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipFile;
import org.millrace.contract.OutsideText;

/**
 * Names of a zip file's entries as text. They are UTF-8 where the entry's flag or Info-ZIP's extra field says so. The others are UTF-8 if
 * all of them could be, as Linux and macOS write them, and else cp437 as the format has it: one rule for the whole file, so that no two
 * names become one. Folders are separated by {@code \} only in a file that has no {@code /}.
 */
final class ZipNames {
    private static final Charset CP437 = Charset.forName("IBM437");

    private final boolean unflaggedAreUtf8;
    private final boolean slashed;

    private ZipNames(boolean unflaggedAreUtf8, boolean slashed) {
        this.unflaggedAreUtf8 = unflaggedAreUtf8;
        this.slashed = slashed;
    }

    static ZipNames of(ZipFile zip) {
        boolean utf8 = true;
        boolean slashed = false;
        for (ZipArchiveEntry entry : Collections.list(zip.getEntries())) {
            byte[] name = entry.getRawName();
            utf8 &= entry.getGeneralPurposeBit().usesUTF8ForNames() || isUtf8(name);
            slashed |= contains(name, '/');
        }
        return new ZipNames(utf8, slashed);
    }

    /** The entry's name, its folders separated by {@code /}. */
    String of(ZipArchiveEntry entry) {
        if (entry.getExtraField(UnicodePathExtraField.UPATH_ID) instanceof UnicodePathExtraField path
                && entry.getNameSource() == ZipArchiveEntry.NameSource.UNICODE_EXTRA_FIELD) {
            return withSlashes(OutsideText.ofName(path.getUnicodeName()));
        }
        byte[] name = entry.getRawName();
        if (unflaggedAreUtf8 || entry.getGeneralPurposeBit().usesUTF8ForNames()) {
            return withSlashes(OutsideText.ofName(name));
        }
        return OutsideText.ofName(
                new String(slashed ? name : withSlashes(name), CP437).getBytes(StandardCharsets.UTF_8));
    }

    private String withSlashes(String name) {
        return slashed ? name : name.replace('\\', '/');
    }

    // of an encoding that is not known: behind another byte of a character the byte of \ is a part of it, as in
    // Shift-JIS
    private static byte[] withSlashes(byte[] name) {
        byte[] slashed = name.clone();
        for (int i = 1; i < slashed.length; i++) {
            if (slashed[i] == '\\' && slashed[i - 1] >= 0) {
                slashed[i] = '/';
            }
        }
        return slashed;
    }

    private static boolean isUtf8(byte[] name) {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(name));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }

    private static boolean contains(byte[] name, char wanted) {
        for (byte each : name) {
            if (each == wanted) {
                return true;
            }
        }
        return false;
    }
}
