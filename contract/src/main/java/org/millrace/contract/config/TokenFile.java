package org.millrace.contract.config;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Collections;
import java.util.Set;
import org.millrace.contract.FileNames;
import org.millrace.contract.UserException;

/** A file that holds tokens of HTTP. One of this user must be closed to all others; one of another owner is that owner's care. */
public final class TokenFile {
    private static final int MOST_BYTES = 4096;
    private static final Set<PosixFilePermission> OF_OTHERS = PosixFilePermissions.fromString("---rwxrwx");

    private TokenFile() {}

    /** The token, without space around it. */
    static String read(String path) {
        String token = text("http.token-file", path, MOST_BYTES).strip();
        if (token.isEmpty()) {
            throw problem("http.token-file", path, "it is empty");
        }
        return token;
    }

    /** The content of a file that others cannot read, at most so many bytes; throws {@link UserException} that names the setting. */
    public static String text(String setting, String path, int mostBytes) {
        try {
            Path file = FileNames.path(path);
            if (Files.isDirectory(file)) {
                throw problem(setting, path, "it is a folder");
            }
            checkMode(setting, file, path);
            byte[] bytes = Files.readAllBytes(file);
            if (bytes.length > mostBytes) {
                throw problem(setting, path, "it has " + bytes.length + " bytes");
            }
            return new String(bytes, StandardCharsets.UTF_8);
        } catch (NoSuchFileException e) {
            throw problem(setting, path, "there is no such file");
        } catch (IOException | IllegalArgumentException e) {
            throw problem(setting, path, String.valueOf(e.getMessage()));
        }
    }

    private static void checkMode(String setting, Path file, String path) throws IOException {
        if (!file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            return;
        }
        PosixFileAttributes attributes = Files.readAttributes(file, PosixFileAttributes.class);
        boolean ours = attributes.owner().getName().equals(System.getProperty("user.name"));
        if (ours && !Collections.disjoint(attributes.permissions(), OF_OTHERS)) {
            throw problem(
                    setting,
                    path,
                    "others may use it (" + PosixFilePermissions.toString(attributes.permissions())
                            + "): chmod 600 closes it to them");
        }
    }

    private static UserException problem(String setting, String path, String why) {
        return new UserException(setting + " " + path + " cannot be used: " + why);
    }
}
