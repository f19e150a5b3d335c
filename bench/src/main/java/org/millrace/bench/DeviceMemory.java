package org.millrace.bench;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.util.cuda.CudaUtils;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.millrace.encoder.tensor.Torch;

/**
 * The most memory that this process took. On a processor: resident memory, Java's included. On a GPU: what was taken since this was made,
 * the allocator's cache included, which PyTorch does not give back; what other programs take meanwhile is counted with it.
 */
final class DeviceMemory {
    private static final long KIB = 1024;

    private final Device device;
    private final long before;

    /** Before anything is on the device. */
    DeviceMemory(Torch torch) {
        try (NDManager manager = torch.newManager()) {
            this.device = manager.getDevice();
        }
        this.before = device.isGpu() ? CudaUtils.getGpuMemory(device).getUsed() : 0;
    }

    long peakBytes() throws IOException {
        return device.isGpu() ? CudaUtils.getGpuMemory(device).getUsed() - before : peakResident();
    }

    private static long peakResident() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmHWM:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * KIB)
                .findFirst()
                .orElseThrow();
    }
}
