package org.millrace.encoder;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.millrace.contract.weights.Safetensors;

/**
 * Another program's tensors of an encoder under timm's or torchvision's names, which are ours, each behind the prefix that it had. What is
 * renamed, and from which source the names are: docs/weights.md.
 */
final class ForeignTensors {
    private static final String PREFIX = "^((?:.*\\.)?)"; // what stands before the encoder's names
    private static final Pattern QUERY = Pattern.compile("^(.*attn\\.)query\\.(weight|bias)$");

    /** Names and what replaces them; the first that fits a name counts. */
    private static final List<Rule> RULES = List.of(
            // torchvision.models.VisionTransformer
            new Rule("conv_proj\\.(weight|bias)$", "patch_embed.proj.$2"),
            new Rule("class_token$", "cls_token"),
            new Rule("encoder\\.pos_embedding$", "pos_embed"),
            new Rule("encoder\\.ln\\.(weight|bias)$", "norm.$2"),
            new Rule("encoder\\.layers\\.encoder_layer_(\\d+)\\.ln_([12])\\.(weight|bias)$", "blocks.$2.norm$3.$4"),
            new Rule(
                    "encoder\\.layers\\.encoder_layer_(\\d+)\\.self_attention\\.in_proj_(weight|bias)$",
                    "blocks.$2.attn.qkv.$3"),
            new Rule(
                    "encoder\\.layers\\.encoder_layer_(\\d+)\\.self_attention\\.out_proj\\.(weight|bias)$",
                    "blocks.$2.attn.proj.$3"),
            new Rule(
                    "encoder\\.layers\\.encoder_layer_(\\d+)\\.mlp\\.(?:0|linear_1)\\.(weight|bias)$",
                    "blocks.$2.mlp.fc1.$3"),
            new Rule(
                    "encoder\\.layers\\.encoder_layer_(\\d+)\\.mlp\\.(?:3|linear_2)\\.(weight|bias)$",
                    "blocks.$2.mlp.fc2.$3"),
            // dinov2 while it trains: blocks in chunks, each under its own number
            new Rule("blocks\\.\\d+\\.(\\d+)\\.((?:norm|attn|ls|mlp).*)$", "blocks.$2.$3"),
            // transformers' ViT and Dinov2
            new Rule("embeddings\\.cls_token$", "cls_token"),
            new Rule("embeddings\\.mask_token$", "mask_token"),
            new Rule("embeddings\\.register_tokens$", "register_tokens"),
            new Rule("embeddings\\.position_embeddings$", "pos_embed"),
            new Rule("embeddings\\.patch_embeddings\\.projection\\.(weight|bias)$", "patch_embed.proj.$2"),
            new Rule("layernorm\\.(weight|bias)$", "norm.$2"),
            new Rule("encoder\\.layer\\.(\\d+)\\.(?:norm1|layernorm_before)\\.(weight|bias)$", "blocks.$2.norm1.$3"),
            new Rule("encoder\\.layer\\.(\\d+)\\.(?:norm2|layernorm_after)\\.(weight|bias)$", "blocks.$2.norm2.$3"),
            new Rule(
                    "encoder\\.layer\\.(\\d+)\\.attention\\.attention\\.(query|key|value)\\.(weight|bias)$",
                    "blocks.$2.attn.$3.$4"),
            new Rule(
                    "encoder\\.layer\\.(\\d+)\\.attention\\.output\\.dense\\.(weight|bias)$", "blocks.$2.attn.proj.$3"),
            new Rule(
                    "encoder\\.layer\\.(\\d+)\\.(?:mlp\\.fc1|intermediate\\.dense)\\.(weight|bias)$",
                    "blocks.$2.mlp.fc1.$3"),
            new Rule(
                    "encoder\\.layer\\.(\\d+)\\.(?:mlp\\.fc2|output\\.dense)\\.(weight|bias)$", "blocks.$2.mlp.fc2.$3"),
            new Rule("encoder\\.layer\\.(\\d+)\\.layer_scale([12])\\.lambda1$", "blocks.$2.ls$3.gamma"));

    /** Places in a torch Sequential of a ResNet's children: of lightly's own, and of torchvision's, which has none with weights at 2 and 3. */
    private static final List<List<String>> CHILDREN = List.of(
            List.of("conv1", "bn1", "layer1", "layer2", "layer3", "layer4"),
            List.of("conv1", "bn1", "", "", "layer1", "layer2", "layer3", "layer4"));

    private ForeignTensors() {}

    private record Rule(Pattern pattern, String replacement) {
        Rule(String name, String replacement) {
            this(Pattern.compile(PREFIX + name), "$1" + replacement);
        }

        Optional<String> renamed(String name) {
            Matcher matcher = pattern.matcher(name);
            return matcher.matches() ? Optional.of(matcher.replaceFirst(replacement)) : Optional.empty();
        }
    }

    /** The same tensors; those that are known under another name have ours. Throws {@link IllegalArgumentException} where two would have one name. */
    static Safetensors translated(Safetensors file) {
        Safetensors named = file.renamed(renames(file));
        return withRegisters(withQueriesKeysAndValues(named));
    }

    private static Map<String, String> renames(Safetensors file) {
        Map<String, String> renames = new LinkedHashMap<>();
        for (String name : file.names()) {
            RULES.stream()
                    .flatMap(rule -> rule.renamed(name).stream())
                    .findFirst()
                    .ifPresent(other -> renames.put(name, other));
        }
        renames.putAll(ofSequentials(file));
        return renames;
    }

    // of ResNets in a Sequential, whose children have numbers
    private static Map<String, String> ofSequentials(Safetensors file) {
        Map<String, String> renames = new LinkedHashMap<>();
        for (String first : file.names()) {
            if (!first.equals("0.weight") && !first.endsWith(".0.weight")) {
                continue;
            }
            String prefix = first.substring(0, first.length() - "0.weight".length());
            for (List<String> children : CHILDREN) {
                String block = prefix + children.indexOf("layer1") + ".0.conv1.weight";
                if (file.names().contains(block) && file.names().contains(prefix + "1.running_mean")) {
                    rename(file, prefix, children, renames);
                    break;
                }
            }
        }
        return renames;
    }

    private static void rename(Safetensors file, String prefix, List<String> children, Map<String, String> renames) {
        for (String name : file.names()) {
            int dot = name.indexOf('.', prefix.length());
            if (!name.startsWith(prefix) || dot < 0) {
                continue;
            }
            String number = name.substring(prefix.length(), dot);
            if (number.matches("\\d") && Integer.parseInt(number) < children.size()) {
                String child = children.get(Integer.parseInt(number));
                if (!child.isEmpty()) {
                    renames.put(name, prefix + child + name.substring(dot));
                }
            }
        }
    }

    // attn.query, attn.key and attn.value → attn.qkv, one below the other
    private static Safetensors withQueriesKeysAndValues(Safetensors file) {
        Set<String> gone = new TreeSet<>();
        Safetensors.Builder fused = new Safetensors.Builder();
        for (String name : file.names()) {
            Matcher matcher = QUERY.matcher(name);
            if (!matcher.matches()) {
                continue;
            }
            List<String> parts = List.of("query", "key", "value").stream()
                    .map(part -> matcher.group(1) + part + "." + matcher.group(2))
                    .toList();
            if (!file.names().containsAll(parts)) {
                continue;
            }
            long[] shape = file.shape(name);
            int length = file.tensor(name, shape).length;
            float[] values = new float[3 * length];
            for (int i = 0; i < parts.size(); i++) {
                System.arraycopy(file.tensor(parts.get(i), shape), 0, values, i * length, length);
            }
            shape[0] *= 3;
            fused.add(matcher.group(1) + "qkv." + matcher.group(2), shape, values);
            gone.addAll(parts);
        }
        return file.replaced(gone, fused.build());
    }

    // DINOv2 adds a position to the class token, but none to its registers; ours have none, so it is added here (as
    // timm does)
    private static Safetensors withRegisters(Safetensors file) {
        Set<String> gone = new TreeSet<>();
        Safetensors.Builder made = new Safetensors.Builder();
        for (String name : file.names()) {
            if (!name.equals("register_tokens") && !name.endsWith(".register_tokens")) {
                continue;
            }
            String prefix = name.substring(0, name.length() - "register_tokens".length());
            List<String> others = List.of(prefix + "cls_token", prefix + "pos_embed");
            if (!file.names().containsAll(others)) {
                continue;
            }
            long[] shape = file.shape(others.get(1)); // 1×(1+T)×D
            float[] positions = file.tensor(others.get(1), shape);
            float[] token =
                    file.tensor(others.get(0), file.shape(others.get(0))).clone();
            float[] rest = new float[Math.max(0, positions.length - token.length)];
            System.arraycopy(positions, positions.length - rest.length, rest, 0, rest.length);
            for (int i = 0; i < token.length; i++) {
                token[i] += positions[i];
            }
            shape[1]--;
            made.add(others.get(0), file.shape(others.get(0)), token)
                    .add(prefix + "reg_token", file.shape(name), file.tensor(name, file.shape(name)))
                    .add(others.get(1), shape, rest);
            gone.add(name);
            gone.addAll(others);
        }
        return file.replaced(gone, made.build());
    }
}
