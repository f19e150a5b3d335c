package org.millrace.ingest.camera;

import static org.millrace.contract.Check.check;

import java.time.Duration;
import org.millrace.contract.OutsideText;
import org.millrace.ingest.source.Names;

/**
 * A camera, and which of its frames to take.
 *
 * @param source its name: the header {@code source}, and the beginning of its frames' ids
 * @param every at most one frame in this time, by arrival; zero takes all
 */
public record CameraRequest(String source, Duration every) {
    public CameraRequest {
        check(!source.isBlank(), "--source must not be blank");
        check(
                source.length() <= Names.LONGEST && source.equals(OutsideText.visible(source)),
                "--source must be one line of at most %d characters, but was '%s'",
                Names.LONGEST,
                Names.shown(source));
        check(!every.isNegative(), "--every must not be negative, but was %s", every);
    }
}
