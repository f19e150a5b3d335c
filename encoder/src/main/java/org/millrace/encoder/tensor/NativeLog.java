package org.millrace.encoder.tensor;

import ai.djl.pytorch.jni.LibUtils;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The messages that libtorch itself writes to standard error. Its warnings are dropped: {@code Could not initialize NNPACK!}, for one, comes
 * with every convolution on some processors, and another routine computes it then. No arithmetic depends on it (docs/decisions/0027-what-is-said.md).
 */
final class NativeLog {
    private static final Logger log = LoggerFactory.getLogger(NativeLog.class);
    private static final String LEVEL = "FLAGS_caffe2_log_level";
    private static final int ERROR = 2;

    private NativeLog() {}

    /** Writes errors only from now on; no effect where this libtorch has no such switch. The engine must run. */
    static void errorsOnly() {
        level().ifPresent(level -> level.setInt(0, ERROR));
    }

    /** Of the least severe message that is written: 0 information, 1 warnings, 2 errors. */
    static Optional<Pointer> level() {
        try {
            String core = Path.of(LibUtils.getLibtorchPath(), System.mapLibraryName("c10"))
                    .toString();
            return Optional.of(NativeLibrary.getInstance(core).getGlobalVariableAddress(LEVEL));
        } catch (UnsatisfiedLinkError | RuntimeException e) {
            log.debug("libtorch's own messages cannot be turned off", e);
            return Optional.empty();
        }
    }
}
