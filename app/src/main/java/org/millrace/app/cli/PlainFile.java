package org.millrace.app.cli;

import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import org.millrace.contract.UserException;

/** Files that a command replaces as a whole. */
final class PlainFile {
    private PlainFile() {}

    /**
     * Throws {@link UserException} if one of these exists and is something else, such as a device or a link, which a new file would take the
     * place of.
     */
    static void require(String option, List<Path> files) {
        files.stream()
                .filter(file -> Files.exists(file, LinkOption.NOFOLLOW_LINKS))
                .filter(file -> !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
                .findFirst()
                .ifPresent(file -> {
                    throw new UserException(option + " wants the name of a plain file, but " + file + " is a "
                            + kind(file) + ". Choose another name.");
                });
    }

    private static String kind(Path file) {
        if (Files.isSymbolicLink(file)) {
            return "symbolic link";
        }
        return Files.isDirectory(file) ? "folder" : "device";
    }
}
