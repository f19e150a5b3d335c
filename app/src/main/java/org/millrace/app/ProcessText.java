package org.millrace.app;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.millrace.contract.OutsideText;

/** What Java reads of its process through the locale's encoding, and loses where that cannot express it. */
final class ProcessText {
    private static final Path COMMAND_LINE = Path.of("/proc/self/cmdline");

    private ProcessText() {}

    /**
     * The arguments by their bytes where the system gives them (Linux), so that a path names the same file in every locale.
     *
     * @param decoded as Java hands them over
     */
    static String[] arguments(String... decoded) {
        for (String argument : decoded) {
            if (!isAscii(argument)) {
                return arguments(COMMAND_LINE, decoded);
            }
        }
        return decoded;
    }

    /** @param commandLine all of the process's arguments, a NUL behind each; those that are meant come last */
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

    /** Whether the working folder's name was lost, so that no relative path can be found. */
    static boolean isLost(String workingFolder) {
        return workingFolder.indexOf('\ufffd') >= 0;
    }

    private static boolean isAscii(String text) {
        return StandardCharsets.US_ASCII.newEncoder().canEncode(text)
                && text.chars().noneMatch(Character::isISOControl);
    }
}
