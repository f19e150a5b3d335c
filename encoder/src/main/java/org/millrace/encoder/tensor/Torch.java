package org.millrace.encoder.tensor;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;
import java.util.Optional;
import java.util.OptionalInt;
import org.millrace.contract.UserException;
import org.millrace.contract.config.Precision;
import org.millrace.contract.config.RunConfig;
import org.millrace.contract.event.EngineWords;

/**
 * The PyTorch engine of this process on one device. Thread safe.
 *
 * <p>The launcher tunes the C allocator through the environment ({@code MALLOC_TOP_PAD_} and others): with its defaults glibc returns the
 * activations' memory to the system at every step and requests it again, which costs 10 to 25 % of the time. See
 * docs/decisions/0003-allocator.md.
 */
public final class Torch {
    private static final String INSTRUCTIONS = "ONEDNN_MAX_CPU_ISA";

    private final RunConfig run;
    private final Device device;
    private final Convolution convolution;
    private final Precision precision;

    private Torch(RunConfig run, Device device, Convolution convolution, Precision precision) {
        this.run = run;
        this.device = device;
        this.convolution = convolution;
        this.precision = precision;
    }

    /** Starts the engine if it does not run yet, with networks in float32; throws {@link UserException} where the device is not there. */
    public static Torch start(RunConfig run) {
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("ai.djl.pytorch.num_interop_threads", "1");
        System.setProperty("ai.djl.pytorch.num_threads", String.valueOf(run.effectiveThreads()));
        Engine engine = engine();
        NativeLog.errorsOnly();
        JniUtils.setNumThreads(run.effectiveThreads());
        return new Torch(run, device(engine, run.device()), Convolution.USUAL, Precision.FP32);
    }

    /** The same engine on another device; throws {@link UserException} where it is not there. */
    public Torch on(String name) {
        return new Torch(run, device(engine(), name), convolution, precision);
    }

    /** The same engine with convolutions computed that way. */
    public Torch with(Convolution way) {
        return new Torch(run, device, way, precision);
    }

    /** The same engine with networks computed in that precision. */
    public Torch with(Precision other) {
        return new Torch(run, device, convolution, other);
    }

    /** Of networks' forward passes on this engine. */
    public Precision precision() {
        return precision;
    }

    /** How networks on this engine compute their convolutions. */
    public Convolution convolution() {
        return convolution;
    }

    /** The tensor itself where it is on this device, or a copy on it, through which gradients flow back. */
    public NDArray take(NDArray tensor) {
        return tensor.toDevice(device, false);
    }

    /** A manager of tensors on the device; the caller closes it. */
    public NDManager newManager() {
        return NDManager.newBaseManager(device);
    }

    /**
     * The engine's name and version with its device and threads, and anything unusual in how it computes: bit-exactness is promised for equal
     * descriptions.
     */
    public String description() {
        String instructions = System.getenv(INSTRUCTIONS);
        OptionalInt gpu = device.isGpu() ? OptionalInt.of(device.getDeviceId()) : OptionalInt.empty();
        return EngineWords.of("PyTorch " + Engine.getInstance().getVersion(), gpu, JniUtils.getNumThreads())
                + (precision.isHalf() ? ", " + precision.key() : "")
                + (convolution.words().isEmpty() ? "" : ", " + convolution.words())
                + (instructions == null ? "" : ", " + INSTRUCTIONS + "=" + instructions);
    }

    public boolean isGpu() {
        return device.isGpu();
    }

    /** The settings with which it was started. */
    public RunConfig run() {
        return run;
    }

    private static Engine engine() {
        Optional<CudaRuntime> cuda = CudaRuntime.ofNatives();
        cuda.ifPresent(CudaRuntime::use);
        cuda.flatMap(CudaRuntime::problem).ifPresent(problem -> {
            throw new UserException("this build has PyTorch for CUDA only ("
                    + cuda.orElseThrow().flavor() + "), and CUDA finds no GPU here: " + problem
                    + ". `nvidia-smi` must list one, with a driver new enough for that CUDA (docs/gpu.md). For a machine without"
                    + " a GPU, build without a profile (MILLRACE_PROFILE unset).");
        });
        try {
            return Engine.getEngine("PyTorch");
        } catch (EngineException e) {
            throw new UserException(
                    "cannot start PyTorch: " + e.getMessage()
                            + "\nIts natives are unpacked under DJL_CACHE_DIR (default ~/.djl.ai), which must be writable.",
                    e);
        }
    }

    private static Device device(Engine engine, String name) {
        if (name.equals("cpu")) {
            return Device.cpu();
        }
        int index = name.contains(":") ? Integer.parseInt(name.substring(name.indexOf(':') + 1)) : 0;
        if (index >= engine.getGpuCount()) {
            throw new UserException(
                    "the device " + name + " was asked for, but PyTorch sees " + engine.getGpuCount()
                            + (CudaRuntime.ofNatives().isPresent()
                                    ? " GPUs. Set run.device to gpu:i with i from 0, or to cpu."
                                    : " GPUs. Build with the Maven profile cu118 or cu124 (MILLRACE_PROFILE=cu124 ./millrace …), or set run.device=cpu."));
        }
        return Device.gpu(index);
    }
}
