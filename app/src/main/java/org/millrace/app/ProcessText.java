package org.millrace.app;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.millrace.contract.OutsideText;

/** Text that Java decodes with the locale's encoding at startup, recovered where that encoding loses bytes. */
final class ProcessText {
    private static final Path COMMAND_LINE = Path.of("/proc/self/cmdline");

    private ProcessText() {}

    /**
     * The arguments from their bytes where the system provides them (Linux), so that a path names the same file in every locale.
     *
     * @param decoded as Java decoded them
     */
    static String[] arguments(String... decoded) {
        for (String argument : decoded) {
            if (!isAscii(argument)) {
                return arguments(COMMAND_LINE, decoded);
            }
        }
        return decoded;
    }

    /** @param commandLine all arguments of the process, each followed by a NUL; the program's own come last */
    static String[] arguments(Path commandLine, String... decoded) {
        List<String> all = new ArrayList<>();
        try {
            byte[] bytes = Files.readAllBytes(commandLine);
            int begin = 0;
            for (int i = 0; i < bytes.length; i++) {
                if (bytes[i] == 0) {
                    all.add(OutsideText.ofName(java.util.Arrays.copyOfRange(bytes, begin, i)));
                    begin = i + 1;
                }
            }
        } catch (IOException e) {
            return decoded;
        }
        if (all.size() <= decoded.length) {
            return decoded;
        }
        List<String> own = all.subList(all.size() - decoded.length, all.size());
        for (int i = 0; i < decoded.length; i++) {
            if (isAscii(decoded[i]) && !own.get(i).equals(decoded[i])) {
                return decoded; // some other command line
            }
        }
        return own.toArray(String[]::new);
    }

    /** Whether decoding lost the working folder's name, so that relative paths cannot be resolved. */
    static boolean isLost(String workingFolder) {
        return workingFolder.indexOf('\ufffd') >= 0;
    }

    private static boolean isAscii(String text) {
        return StandardCharsets.US_ASCII.newEncoder().canEncode(text)
                && text.chars().noneMatch(Character::isISOControl);
    }
}
