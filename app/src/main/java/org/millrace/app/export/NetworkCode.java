package org.millrace.app.export;

import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.config.EncoderConfig.Stem;
import org.millrace.contract.config.TransformerSettings.Pool;

/** Python code for PyTorch that creates {@code model}, an encoder's network with the tensor names of its file. */
record NetworkCode(EncoderConfig encoder) {
    private static final String RESNET20 = """
            class Block(nn.Module):
                def __init__(self, inputs, outputs, stride):
                    super().__init__()
                    self.conv1, self.bn1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), NORM(outputs)
                    self.conv2, self.bn2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), NORM(outputs)
                    self.downsample = nn.Sequential()
                    if stride > 1:
                        self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), NORM(outputs))

                def forward(self, x):
                    y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
                    return torch.relu(y + self.downsample(x))


            class ResNet20(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.conv1, self.bn1 = nn.Conv2d(CHANNELS, 16, 3, 1, 1, bias=False), NORM(16)
                    self.layer1 = nn.Sequential(Block(16, 16, 1), Block(16, 16, 1), Block(16, 16, 1))
                    self.layer2 = nn.Sequential(Block(16, 32, 2), Block(32, 32, 1), Block(32, 32, 1))
                    self.layer3 = nn.Sequential(Block(32, 64, 2), Block(64, 64, 1), Block(64, 64, 1))

                def forward(self, x):
                    x = torch.relu(self.bn1(self.conv1(x)))
                    return self.layer3(self.layer2(self.layer1(x))).mean((2, 3))


            model = ResNet20()
            """;

    private static final String AMDIM = """
            class Layer(nn.Module):
                def __init__(self, inputs, outputs, size, stride):
                    super().__init__()
                    self.conv1 = nn.Conv2d(inputs, outputs, size, stride, bias=False)
                    self.conv2 = nn.Conv2d(outputs, outputs, 1, bias=False)
                    self.size, self.stride, self.wider = size, stride, outputs - inputs

                def forward(self, x):
                    mean = nn.functional.avg_pool2d(x, self.size, self.stride)
                    mean = nn.functional.pad(mean, (0, 0, 0, 0, 0, self.wider))
                    return self.conv2(torch.relu(self.conv1(x))) + mean


            def block(inputs, outputs, size, stride, depth):
                return nn.Sequential(Layer(inputs, outputs, size, stride), *[Layer(outputs, outputs, 1, 1) for _ in range(depth - 1)])


            class Amdim(nn.Module):
                def __init__(self, width, features, depth):
                    super().__init__()
                    self.conv = nn.Conv2d(CHANNELS, width, 3)
                    self.block30 = block(width, width, 1, 1, 1)
                    self.block14 = block(width, 2 * width, 4, 2, depth)
                    self.block7 = block(2 * width, 4 * width, 2, 2, depth)
                    self.block5 = block(4 * width, 4 * width, 3, 1, depth)
                    self.block3 = block(4 * width, 4 * width, 3, 1, depth)
                    self.block1 = block(4 * width, features, 3, 1, 1)
                    self.bn = nn.BatchNorm1d(features)

                def forward(self, x):
                    x = torch.relu(self.conv(x))
                    for block in (self.block30, self.block14, self.block7, self.block5, self.block3, self.block1):
                        x = block(x)
                    return self.bn(x.flatten(1))


            model = Amdim(WIDTH, FEATURES, DEPTH)
            """;

    private static final String TRANSFORMER = """
            class Attention(nn.Module):
                def __init__(self, width, heads):
                    super().__init__()
                    self.heads, self.qkv, self.proj = heads, nn.Linear(width, 3 * width), nn.Linear(width, width)

                def forward(self, x):
                    n, t, d = x.shape
                    q, k, v = self.qkv(x).reshape(n, t, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
                    weights = (q @ k.transpose(2, 3) * (d // self.heads) ** -0.5).softmax(-1)
                    return self.proj((weights @ v).transpose(1, 2).reshape(n, t, d))


            class Scale(nn.Module):
                def __init__(self, width):
                    super().__init__()
                    self.gamma = nn.Parameter(torch.ones(width))

                def forward(self, x):
                    return x * self.gamma


            class Block(nn.Module):
                def __init__(self, width, heads, scaled):
                    super().__init__()
                    self.norm1, self.attn = nn.LayerNorm(width, 1e-6), Attention(width, heads)
                    self.norm2, self.mlp = nn.LayerNorm(width, 1e-6), nn.Module()
                    self.mlp.fc1, self.mlp.fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
                    self.ls1, self.ls2 = (Scale(width), Scale(width)) if scaled else (nn.Identity(), nn.Identity())

                def forward(self, x):
                    x = x + self.ls1(self.attn(self.norm1(x)))
                    return x + self.ls2(self.mlp.fc2(nn.functional.gelu(self.mlp.fc1(self.norm2(x)))))


            class Transformer(nn.Module):
                def __init__(self, width, heads, patch, patches, registers, scaled):
                    super().__init__()
                    self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
                    if registers:
                        self.reg_token = nn.Parameter(torch.zeros(1, registers, width))
                    self.pos_embed = nn.Parameter(torch.zeros(1, patches + (not registers), width))
                    self.patch_embed = nn.Module()
                    self.patch_embed.proj = nn.Conv2d(CHANNELS, width, patch, patch)
                    self.blocks = nn.Sequential(*[Block(width, heads, scaled) for _ in range(12)])
                    self.norm, self.registers = nn.LayerNorm(width, 1e-6), registers

                def forward(self, x):
                    x = self.patch_embed.proj(x).flatten(2).transpose(1, 2)
                    token = self.cls_token.expand(len(x), -1, -1)
                    if self.registers:
                        x = torch.cat([token, self.reg_token.expand(len(x), -1, -1), x + self.pos_embed], 1)
                    else:
                        x = torch.cat([token, x], 1) + self.pos_embed
                    x = self.norm(self.blocks(x))
                    return POOLED


            model = Transformer(WIDTH, HEADS, PATCH, PLACES, REGISTERS, SCALED)
            """;

    /** Whether the code needs {@code torchvision} imported, beside {@code torch} and {@code nn}. */
    boolean usesTorchvision() {
        return switch (encoder.architecture()) {
            case RESNET18, RESNET34, RESNET50 -> true;
            case RESNET20, VIT_TINY, VIT_SMALL, VIT_BASE, AMDIM -> false;
        };
    }

    String text() {
        return switch (encoder.architecture()) {
            case RESNET20 -> "\n" + groupNorm() + resnet20();
            case RESNET18, RESNET34, RESNET50 -> torchvision();
            case VIT_TINY, VIT_SMALL, VIT_BASE -> "\n" + transformer();
            case AMDIM -> "\n" + amdim();
        };
    }

    private String resnet20() {
        String norm = switch (encoder.norm()) {
            case BATCH -> "nn.BatchNorm2d(";
            case GROUP -> "group_norm(";
        };
        return RESNET20.replace("CHANNELS", channels()).replace("NORM(", norm);
    }

    private String torchvision() {
        String first = switch (encoder.stem()) {
            case CIFAR -> "3, 1, 1";
            case IMAGENET -> "7, 2, 3";
        };
        boolean standard = encoder.stem() == Stem.IMAGENET && encoder.channels() == 3;
        String norm = switch (encoder.norm()) {
            case BATCH -> "";
            case GROUP -> "norm_layer=group_norm";
        };
        return groupNorm()
                + "model = torchvision.models." + encoder.architecture().key() + "(" + norm + ")\n"
                + "model.fc = nn.Identity()\n"
                + (standard
                        ? ""
                        : "model.conv1 = nn.Conv2d(" + encoder.channels() + ", 64, " + first + ", bias=False)\n")
                + (encoder.stem() == Stem.CIFAR ? "model.maxpool = nn.Identity()\n" : "");
    }

    /** The function that the network's code calls for a layer of group norm, if it has any. */
    private String groupNorm() {
        return switch (encoder.norm()) {
            case BATCH -> "";
            case GROUP ->
                "def group_norm(channels):\n    return nn.GroupNorm(max(1, min(32, channels // 2)), channels)\n\n\n";
        };
    }

    private String transformer() {
        String pooled = encoder.pool() == Pool.CLASS ? "x[:, 0]" : "x[:, 1 + self.registers :].mean(1)";
        return TRANSFORMER
                .replace("CHANNELS", channels())
                .replace("POOLED", pooled)
                .replace("WIDTH", String.valueOf(encoder.architecture().width()))
                .replace("HEADS", String.valueOf(encoder.attentionHeads()))
                .replace("PATCH,", encoder.patch() + ",")
                .replace("PLACES", String.valueOf(encoder.patchRows() * encoder.patchColumns()))
                .replace("REGISTERS", String.valueOf(encoder.registers()))
                .replace("SCALED", encoder.layerScale() ? "True" : "False");
    }

    private String amdim() {
        return AMDIM.replace("CHANNELS", channels())
                .replace("WIDTH", String.valueOf(encoder.amdimChannels()))
                .replace("FEATURES", String.valueOf(encoder.amdimFeatures()))
                .replace("DEPTH", String.valueOf(encoder.amdimDepth()));
    }

    private String channels() {
        return String.valueOf(encoder.channels());
    }
}
