package org.millrace.encoder.tensor;

import ai.djl.util.Utils;
import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Collections;
import java.util.Optional;
import java.util.Properties;

/**
 * The CUDA runtime (libcudart) inside PyTorch's natives for CUDA. DJL unpacks those natives only where a libcudart finds a GPU, and looks
 * for it among the system's libraries, so that a machine with a driver and no CUDA toolkit would count as one without a GPU. docs/gpu.md.
 *
 * @param flavor of the natives, such as cu124
 * @param folder that holds the library
 */
record CudaRuntime(String flavor, Path folder) {
    private static final String NAME = "cudart";

    /** That of the natives on the class path, unpacked in DJL's cache; none where they are a processor's. */
    static Optional<CudaRuntime> ofNatives() {
        return in(CudaRuntime.class.getClassLoader(), Utils.getEngineCacheDir("pytorch"));
    }

    static Optional<CudaRuntime> in(ClassLoader natives, Path cache) {
        try {
            for (URL url : Collections.list(natives.getResources("native/lib/pytorch.properties"))) {
                Properties properties = new Properties();
                try (InputStream in = url.openStream()) {
                    properties.load(in);
                }
                String flavor = properties.getProperty("flavor", "cpu");
                Optional<String> file = Arrays.stream(
                                properties.getProperty("libraries", "").split(",", -1))
                        .filter(name -> name.startsWith("lib" + NAME))
                        .findFirst();
                if (flavor.startsWith("cu") && file.isPresent()) {
                    String path = "pytorch/" + flavor + "/" + properties.getProperty("classifier") + "/" + file.get();
                    Path folder = cache.resolve(NAME + "-" + properties.getProperty("version") + "-" + flavor);
                    return Optional.of(new CudaRuntime(flavor, unpacked(natives, path, folder)));
                }
            }
            return Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot unpack the CUDA runtime of PyTorch's natives under " + cache, e);
        }
    }

    /** Makes DJL ask this one, wherever the system has another. */
    void use() {
        NativeLibrary.addSearchPath(NAME, folder.toString());
    }

    /** Why it finds no GPU, in CUDA's words; empty where it finds one. */
    Optional<String> problem() {
        NativeLibrary runtime = NativeLibrary.getInstance(NAME);
        int[] count = new int[1];
        int error = runtime.getFunction("cudaGetDeviceCount").invokeInt(new Object[] {count});
        if (error != 0) {
            return Optional.of(runtime.getFunction("cudaGetErrorString").invokeString(new Object[] {error}, false));
        }
        return count[0] > 0 ? Optional.empty() : Optional.of("no CUDA-capable device is detected");
    }

    // under the name that JNA looks for; another process may do the same at the same time
    private static Path unpacked(ClassLoader natives, String path, Path folder) throws IOException {
        Path library = folder.resolve(System.mapLibraryName(NAME));
        if (Files.exists(library)) {
            return folder;
        }
        Files.createDirectories(folder);
        Path part = Files.createTempFile(folder, NAME, ".part");
        try (InputStream in = natives.getResourceAsStream(path)) {
            if (in == null) {
                throw new IOException(
                        path + " is listed in native/lib/pytorch.properties but is not on the class path");
            }
            Files.copy(in, part, StandardCopyOption.REPLACE_EXISTING);
            Files.move(part, library, StandardCopyOption.ATOMIC_MOVE);
            return folder;
        } finally {
            Files.deleteIfExists(part);
        }
    }
}
