package org.millrace.encoder.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.contract.UserException;
import org.millrace.contract.config.ConfigLoader;

final class CudaRuntimeTest {
    @TempDir
    private Path folder;

    @Test
    void in_nativesForCuda_unpacksTheirRuntimeUnderTheNameThatJnaLooksFor() throws IOException {
        CudaRuntime runtime = CudaRuntime.in(
                        natives("flavor=cu124\nlibraries=libc10.so,libcudart-8774224f.so.12,libtorch.so", "cu124"),
                        folder.resolve("cache"))
                .orElseThrow();
        assertThat(runtime.flavor()).isEqualTo("cu124");
        assertThat(runtime.folder()).isEqualTo(folder.resolve("cache/cudart-2.5.1-cu124"));
        assertThat(runtime.folder().resolve("libcudart.so")).hasContent("runtime");
    }

    @Test
    void in_nativesOfAProcessor_none() throws IOException {
        assertThat(CudaRuntime.in(natives("flavor=cpu\nlibraries=libc10.so,libtorch.so", "cpu"), folder))
                .isEmpty();
    }

    @Test
    void in_runtimeListedButMissing_saysWhichFile() throws IOException {
        ClassLoader natives = natives("flavor=cu118\nlibraries=libcudart-d0da41ae.so.11.0", "cu124");
        assertThatThrownBy(() -> CudaRuntime.in(natives, folder.resolve("cache")))
                .isInstanceOf(UncheckedIOException.class)
                .hasRootCauseMessage("pytorch/cu118/linux-x86_64/libcudart-d0da41ae.so.11.0 is listed in"
                        + " native/lib/pytorch.properties but is not on the class path");
    }

    @Test
    void start_gpuOfABuildForProcessors_namesTheProfiles() {
        var config = new ConfigLoader()
                .assignments(java.util.List.of("run.device=gpu", "run.threads=1"))
                .load();
        assertThatThrownBy(() -> Torch.start(config.run()))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("the device gpu was asked for, but PyTorch sees 0 GPUs")
                .hasMessageContaining("MILLRACE_PROFILE=cu124");
    }

    private ClassLoader natives(String properties, String packed) throws IOException {
        Path root = folder.resolve("natives");
        Path libraries = Files.createDirectories(root.resolve("pytorch/" + packed + "/linux-x86_64"));
        Files.writeString(libraries.resolve("libcudart-8774224f.so.12"), "runtime");
        Files.createDirectories(root.resolve("native/lib"));
        Files.writeString(
                root.resolve("native/lib/pytorch.properties"),
                "version=2.5.1\nclassifier=linux-x86_64\n" + properties + "\n");
        return new URLClassLoader(new URL[] {root.toUri().toURL()}, null);
    }
}
