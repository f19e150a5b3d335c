package org.millrace.contract;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** Folders that hold images and weights: one that is made here can be entered by its owner only (0700); one that exists stays as it is. */
public final class PrivateFolder {
    private static final String OWNER_ONLY = "rwx------";

    private PrivateFolder() {}

    /** The folder, made with its missing parents. */
    public static Path make(Path folder) throws IOException {
        boolean posix = folder.getFileSystem().supportedFileAttributeViews().contains("posix");
        return posix
                ? Files.createDirectories(
                        folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(OWNER_ONLY)))
                : Files.createDirectories(folder);
    }
}
