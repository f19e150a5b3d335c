package org.millrace.ingest.source;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The first bytes of files. */
final class Magic {
    /** What people keep images in and Millrace does not read. */
    private static final Map<String, String> FOREIGN = new LinkedHashMap<>();

    static {
        FOREIGN.put("7z\u00bc\u00af'\34", "a 7z archive");
        FOREIGN.put("Rar!\32\7", "a RAR archive");
        FOREIGN.put("MSCF\0\0\0\0", "a CAB archive");
        FOREIGN.put("!<arch>\n", "an ar archive");
        FOREIGN.put("070701", "a cpio archive");
        FOREIGN.put("\u001f\u009d", "compressed with compress (.Z)");
        FOREIGN.put("\4\"M\30", "compressed with lz4");
        FOREIGN.put("LZIP", "compressed with lzip");
        FOREIGN.put("]\0\0", "compressed with lzma");
        FOREIGN.put("PAR1", "a Parquet file");
        FOREIGN.put("\u0089HDF\r\n\u001a\n", "an HDF5 file");
        FOREIGN.put("%PDF-", "a PDF file");
    }

    private Magic() {}

    /** What the file is, in words, if it is a container that is known and not read. */
    static Optional<String> foreign(byte[] head) {
        return FOREIGN.entrySet().stream()
                .filter(entry -> begins(head, 0, entry.getKey()))
                .map(Map.Entry::getValue)
                .findFirst();
    }

    /** @param latin a character for each byte */
    static boolean begins(byte[] bytes, int at, String latin) {
        byte[] magic = latin.getBytes(StandardCharsets.ISO_8859_1);
        return bytes.length >= at + magic.length && Arrays.equals(bytes, at, at + magic.length, magic, 0, magic.length);
    }
}
