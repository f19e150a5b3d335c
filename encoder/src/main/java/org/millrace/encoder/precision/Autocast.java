package org.millrace.encoder.precision;

import ai.djl.pytorch.jni.LibUtils;
import com.sun.jna.NativeLibrary;
import java.nio.file.Path;
import org.millrace.contract.UserException;
import org.millrace.contract.config.Precision;

/**
 * The functions of libtorch that switch autocast, which DJL does not offer. Their state is the calling thread's, for each kind of device.
 * Thread safe.
 *
 * <p>PyTorch 2.4 and later have one function for all kinds of device; before that each kind had its own.
 */
final class Autocast {
    private static final String SPACE = "_ZN2at8autocast"; // at::autocast
    private static final String INCREMENT = SPACE + "17increment_nestingEv";
    private static final String DECREMENT = SPACE + "17decrement_nestingEv";
    private static final String CLEAR = SPACE + "11clear_cacheEv";

    private static final int CPU = 0; // c10::DeviceType
    private static final int CUDA = 1;

    private final NativeLibrary library;
    private final Names names;
    private final Object[] device; // the first argument of the newer functions; none for the older

    /** The C++ names of the functions for one kind of device. */
    private record Names(String isEnabled, String enable, String type, String setType) {
        static final Names OF_ANY = new Names(
                SPACE + "19is_autocast_enabledEN3c1010DeviceTypeE",
                SPACE + "20set_autocast_enabledEN3c1010DeviceTypeEb",
                SPACE + "18get_autocast_dtypeEN3c1010DeviceTypeE",
                SPACE + "18set_autocast_dtypeEN3c1010DeviceTypeENS1_10ScalarTypeE");
        static final Names OF_CPU = new Names(
                SPACE + "14is_cpu_enabledEv",
                SPACE + "15set_cpu_enabledEb",
                SPACE + "22get_autocast_cpu_dtypeEv",
                SPACE + "22set_autocast_cpu_dtypeEN3c1010ScalarTypeE");
        static final Names OF_GPU = new Names(
                SPACE + "10is_enabledEv",
                SPACE + "11set_enabledEb",
                SPACE + "22get_autocast_gpu_dtypeEv",
                SPACE + "22set_autocast_gpu_dtypeEN3c1010ScalarTypeE");

        boolean areIn(NativeLibrary library) {
            return has(library, isEnabled) && has(library, enable) && has(library, type) && has(library, setType);
        }
    }

    private Autocast(NativeLibrary library, Names names, Object... device) {
        this.library = library;
        this.names = names;
        this.device = device;
    }

    /** Those of the libtorch that the engine has loaded; throws {@link UserException} where it lacks one. */
    static Autocast load(boolean gpu, Precision wanted) {
        Path file = Path.of(LibUtils.getLibtorchPath(), System.mapLibraryName("torch_cpu"));
        return load(file, gpu, wanted);
    }

    static Autocast load(Path file, boolean gpu, Precision wanted) {
        NativeLibrary library;
        try {
            library = NativeLibrary.getInstance(file.toString());
        } catch (UnsatisfiedLinkError e) {
            throw refusal(file, wanted, "cannot be opened: " + e.getMessage());
        }
        Names older = gpu ? Names.OF_GPU : Names.OF_CPU;
        if (!has(library, INCREMENT) || !has(library, DECREMENT) || !has(library, CLEAR)) {
            throw refusal(file, wanted, "has none of the functions for it");
        } else if (Names.OF_ANY.areIn(library)) {
            return new Autocast(library, Names.OF_ANY, gpu ? CUDA : CPU);
        } else if (older.areIn(library)) {
            return new Autocast(library, older);
        }
        throw refusal(file, wanted, "has neither the functions of PyTorch 2.0 nor those of 2.4 and later");
    }

    boolean isEnabled() {
        return (byte) library.getFunction(names.isEnabled()).invokeInt(device) != 0;
    }

    void enable(boolean on) {
        library.getFunction(names.enable()).invokeVoid(with(on ? 1 : 0)); // JNA would pass true as −1
    }

    /** A c10::ScalarType. */
    int type() {
        return (byte) library.getFunction(names.type()).invokeInt(device);
    }

    void setType(int scalarType) {
        library.getFunction(names.setType()).invokeVoid(with(scalarType));
    }

    void enter() {
        library.getFunction(INCREMENT).invokeInt(new Object[] {});
    }

    /** Forgets the casts of weights that it kept, where this leaves the outermost scope. */
    void leave() {
        if (library.getFunction(DECREMENT).invokeInt(new Object[] {}) == 0) {
            library.getFunction(CLEAR).invokeVoid(new Object[] {});
        }
    }

    private Object[] with(int argument) {
        return device.length == 0 ? new Object[] {argument} : new Object[] {device[0], argument};
    }

    private static boolean has(NativeLibrary library, String function) {
        try {
            return library.getFunction(function) != null;
        } catch (UnsatisfiedLinkError e) {
            return false;
        }
    }

    private static UserException refusal(Path file, Precision wanted, String reason) {
        return new UserException("half precision (" + wanted.key() + ") needs libtorch's autocast, but " + file + " "
                + reason
                + ". Set trainer.precision and encoder.precision to fp32, or take the libtorch that Millrace is"
                + " built with.");
    }
}
