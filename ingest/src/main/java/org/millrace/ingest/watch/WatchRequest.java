package org.millrace.ingest.watch;

import static org.millrace.contract.Check.check;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.millrace.contract.FileNames;
import org.millrace.contract.Sha256;
import org.millrace.contract.UserException;
import org.millrace.ingest.label.Labels;
import org.millrace.ingest.push.PushRequest;
import org.millrace.ingest.source.FileReading;

/**
 * A folder to watch.
 *
 * @param name that the memory of what was pushed is kept under; two machines that watch folders of the same path need two names
 * @param settle how long a file must stay unchanged before it is read
 */
public record WatchRequest(Path folder, String name, PushRequest.Target target, Labels labels, Duration settle) {
    public WatchRequest {
        check(!name.isBlank(), "the name of a watch must not be blank");
        check(!settle.isNegative(), "--settle must not be negative, but was %s s", settle.toMillis() / 1e3);
    }

    /**
     * The folder's own path, links resolved: the watch's name where the user gives none.
     *
     * @throws UserException if it is not a folder
     */
    public static String nameOf(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw new UserException("watch: no such folder: " + FileNames.text(folder));
        }
        try {
            return FileNames.text(folder.toRealPath());
        } catch (IOException e) {
            throw new UserException("watch: " + FileNames.text(folder) + " cannot be read: " + FileReading.why(e), e);
        }
    }

    /** The transactional id of the one producer that may write for this watch. */
    String transactionalId(String topic) {
        byte[] both = (name + "\n" + topic).getBytes(java.nio.charset.StandardCharsets.UTF_8);
        return "millrace-watch-" + Sha256.of(both).substring(0, 16);
    }
}
