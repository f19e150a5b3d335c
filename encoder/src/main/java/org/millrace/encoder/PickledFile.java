package org.millrace.encoder;

import java.nio.file.Path;

/** PyTorch's own files, which are programs for Python's unpickler and therefore not read: what they begin with, and how to convert them. */
public final class PickledFile {
    private static final int PROTOCOL = 0x80; // a pickle's first byte
    private static final int HEADER = 8; // where a safetensors file's JSON begins, behind its length

    private PickledFile() {}

    /**
     * Whether a file begins as torch.save writes it: a zip archive, or in old releases a pickle. The length before a safetensors file's
     * header may begin with the same bytes.
     */
    public static boolean is(byte[] file) {
        if (file.length > HEADER && file[HEADER] == '{') {
            return false;
        }
        return file.length >= 2 && ((file[0] == 'P' && file[1] == 'K') || (file[0] & 0xff) == PROTOCOL);
    }

    /** A sentence, and three lines of Python that write such a file's tensors as safetensors. */
    public static String conversion(Path file) {
        String name = file.toString().replace("\\", "\\\\").replace("\"", "\\\"");
        return "A PyTorch file (.pth, .pt) is converted by these three lines of Python (pip install torch safetensors):\n"
                + "  import torch, safetensors.torch\n"
                + "  flat = lambda d, p: {k: v for n, x in d.items() for k, v in (flat(x, p + str(n) + \".\") if"
                + " isinstance(x, dict) else {p + str(n): x}).items()}\n"
                + "  safetensors.torch.save_file({k: v.clone().contiguous() for k, v in flat(torch.load(\"" + name
                + "\", map_location=\"cpu\"), \"\").items() if torch.is_tensor(v) and not k.startswith(\"optim\")}, \""
                + name + ".safetensors\")";
    }
}
