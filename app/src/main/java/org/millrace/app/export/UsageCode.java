package org.millrace.app.export;

import java.util.Locale;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.config.EncoderConfig.Norm;
import org.millrace.contract.config.TransformerSettings.Pool;
import org.millrace.encoder.network.Backbone;
import org.millrace.encoder.onnx.OnnxModel;

/**
 * The parts of a model card that depend on the network, mostly Python code that loads the encoder and embeds images; {@code
 * bench/pytorch/check_export.py} runs the code for PyTorch.
 *
 * @param file its name without folders
 * @param base the name of the file beside it, of the format {@code learned}
 */
record UsageCode(EncoderConfig encoder, String file, String base) {
    private static final String MERGED = """
            def merged():
                weights = load_file("%s")
                with safe_open("%s", "pt") as file:
                    scale = float(file.metadata()["lora.scale"])
                    learned = {name: file.get_tensor(name) for name in file.keys()}
                for name, value in learned.items():
                    layer = name.removesuffix(".lora_B")
                    if layer != name:
                        weights[layer + ".weight"] += scale * value @ learned[layer + ".lora_A"]
                    elif not name.endswith(".lora_A"):
                        weights[name] = value
                return weights


            """;

    static String means(EncoderConfig encoder) {
        return values(encoder, encoder::meanOf);
    }

    static String deviations(EncoderConfig encoder) {
        return values(encoder, encoder::standardDeviationOf);
    }

    /** The network's shape in words, beside its name. */
    String shape() {
        return switch (encoder.architecture()) {
            case RESNET20, RESNET18, RESNET34, RESNET50 ->
                encoder.stem().key() + " stem" + (encoder.norm() == Norm.GROUP ? ", group norm" : "");
            case VIT_TINY, VIT_SMALL, VIT_BASE ->
                "patches of " + encoder.patch() + "×" + encoder.patch() + " pixels, " + encoder.attentionHeads()
                        + " heads, "
                        + (encoder.registers() > 0 ? encoder.registers() + " registers, " : "")
                        + (encoder.layerScale() ? "LayerScale, " : "")
                        + (encoder.pool() == Pool.CLASS ? "class token" : "mean of the patches");
            case AMDIM ->
                encoder.amdimChannels() + " channels in the first layer, " + encoder.amdimDepth()
                        + " layers in a block";
        };
    }

    /** The naming scheme of the tensors in the file. */
    String names() {
        return switch (encoder.architecture()) {
            case RESNET20, RESNET18, RESNET34, RESNET50 -> "torchvision's names without `fc`";
            case VIT_TINY, VIT_SMALL, VIT_BASE -> "timm's names without `head`";
            case AMDIM -> "Millrace's names, as in the code below";
        };
    }

    /** A sentence and a block of code. */
    String of(ExportFormat format) {
        return switch (format) {
            case SAFETENSORS ->
                "In PyTorch (`pip install torch torchvision safetensors`):\n\n```python\n"
                        + torch("load_file(\"" + file + "\")", "") + "```\n"
                        + "\nFor onnxruntime, export with `--format onnx`.\n";
            case LEARNED ->
                "The file has what was learned alone; `" + base
                        + "` beside it is the encoder with which the run began. In PyTorch (`pip install torch torchvision"
                        + " safetensors`):\n\n```python\n" + torch("merged()", MERGED.formatted(base, file)) + "```\n"
                        + "\nFor one whole file, export with `--format safetensors`.\n";
            case ONNX ->
                "In onnxruntime (`pip install onnxruntime`):\n\n```python\n" + onnxruntime() + "```\n"
                        + "\nFor PyTorch, export with `--format safetensors`.\n";
        };
    }

    private String torch(String weights, String functions) {
        NetworkCode network = new NetworkCode(encoder);
        return "import torch\n"
                + (network.usesTorchvision() ? "import torchvision\n" : "")
                + "from torch import nn\n"
                + (functions.isEmpty() ? "" : "from safetensors import safe_open\n")
                + "from safetensors.torch import load_file\n\n"
                + functions
                + network.text()
                + "model.load_state_dict(" + weights + ")  # every tensor has its place\n"
                + "model.eval()\n\n"
                + "mean = torch.tensor([" + means(encoder) + "]).view(1, -1, 1, 1)\n"
                + "deviation = torch.tensor([" + deviations(encoder) + "]).view(1, -1, 1, 1)\n"
                + "images = torch.rand(8, " + input() + ")  # yours, in [0, 1]\n"
                + "with torch.no_grad():\n"
                + "    features = model((images - mean) / deviation)  # 8×"
                + features() + "\n";
    }

    private String onnxruntime() {
        return "import numpy as np\nimport onnxruntime\n\n"
                + "session = onnxruntime.InferenceSession(\"" + file + "\")\n"
                + "mean = np.array([" + means(encoder) + "], dtype=np.float32).reshape(1, -1, 1, 1)\n"
                + "deviation = np.array([" + deviations(encoder) + "], dtype=np.float32).reshape(1, -1, 1, 1)\n"
                + "images = np.random.rand(8, " + input() + ").astype(np.float32)  # yours, in [0, 1]\n"
                + "features, = session.run([\"" + OnnxModel.OUTPUT + "\"], {\"" + OnnxModel.INPUT
                + "\": (images - mean) / deviation})  # 8×"
                + features() + "\n";
    }

    /** Length of a feature vector. */
    int features() {
        return Backbone.of(encoder).features();
    }

    private String input() {
        return encoder.channels() + ", " + encoder.height() + ", " + encoder.width();
    }

    private static String values(EncoderConfig encoder, IntFunction<Float> of) {
        return IntStream.range(0, encoder.channels())
                .mapToObj(channel -> String.format(Locale.ROOT, "%s", of.apply(channel)))
                .collect(Collectors.joining(", "));
    }
}
