#!/usr/bin/env python3
"""Makes deliberate mistakes in the objectives and what surrounds them, one at a time, and says which tests find each.

    bench/mistakes/mistakes.py [PART OF A NAME]

The tree is not changed: the mistaken class is compiled aside and put before the right one on the class path. Exit code 1 if a mistake
stays unnoticed, or if the tests fail without one. Needs a built tree (mvn verify), JDK 17 and Maven.
"""
import glob
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

HOME = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LIBRARIES = os.path.join(HOME, "bench", "target", "mistakes")
MODULES = ["contract", "encoder", "keystore", "trainer"]
OBJECTIVE = "trainer/src/main/java/org/millrace/trainer/objective/"
OPTIMISER = "trainer/src/main/java/org/millrace/trainer/optimiser/"
NETWORK = "encoder/src/main/java/org/millrace/encoder/network/"

# name, file, what stands there, the mistake
MISTAKES = [
    ("MoCo: temperature left out", OBJECTIVE + "InfoNce.java",
     "negative), 1), temperature); // N×(1+K)", "negative), 1), 1); // N×(1+K)"),
    ("MoCo: queries not made unit length", OBJECTIVE + "InfoNce.java",
     "return ofUnitRows(unit(queries), unit(keys)", "return ofUnitRows(queries, unit(keys)"),
    ("MoCo: the key from the query encoder, with gradient", OBJECTIVE + "MomentumContrast.java",
     "Contrast contrast = contrast(queries, keys);",
     "Contrast contrast = contrast(queries, query.project(batch.second(), query.weights().tensors(scope)));"),
    ("MoCo: keys enter the dictionary before the logits", OBJECTIVE + "MomentumContrast.java",
     'clock.lap("keys");\n        try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {\n            NDArray queries',
     'dictionary.enqueue(keys, batch.step(), batch.images());\n        try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {\n            NDArray queries'),
    ("MoCo: the twin does not move", OBJECTIVE + "MomentumContrast.java",
     "key.follow(query, momentum.at(step - 1.0));", "key.follow(query, 1);"),
    ("MoCo symmetric: the second loss against the first view's own key", OBJECTIVE + "MomentumContrast.java",
     "contrast(query.project(batch.second(), weights), first)", "contrast(query.project(batch.second(), weights), second)"),
    ("MoCo symmetric: mean of the two losses, not their sum", OBJECTIVE + "MomentumContrast.java",
     "one.loss().add(two.loss());", "one.loss().add(two.loss()).divi(2);"),
    ("MoCo: the queue overwrites from its newest row", OBJECTIVE + "Dictionary.java",
     "store.newestSequence() + 1 + skipped", "store.newestSequence() + skipped"),
    ("MoCo: after a wrap the rows begin at 1", OBJECTIVE + "Dictionary.java",
     "put(0, keys.get(end", "put(1, keys.get(end"),
    ("MoCo v3: the scale 2T dropped", OBJECTIVE + "MocoV3.java",
     "Scaled.times(plain.losses(), 2 * temperature)", "plain.losses()"),
    ("MoCo v3: each view asks for its own key", OBJECTIVE + "MocoV3.java",
     "contrast(firstQueries, secondKeys,", "contrast(firstQueries, firstKeys,"),
    ("MoCo v3: no predictor on one side", OBJECTIVE + "MocoV3.java",
     "query.predict(query.project(batch.second(), weights), weights)", "query.project(batch.second(), weights)"),
    ("SimCLR: a view's similarity with itself stays", OBJECTIVE + "Simclr.java",
     "similarity.add(Scaled.times(itself, NEVER))", "similarity.add(Scaled.times(itself, 0))"),
    ("SimCLR: one view as a constant", OBJECTIVE + "Simclr.java",
     "contrast(first, second, temperature);\n            NDArray loss", "contrast(first, second.stopGradient(), temperature);\n            NDArray loss"),
    ("SimCLR: the positive left out of the denominator", OBJECTIVE + "Simclr.java",
     "masked.sub(largest).exp()", "masked.add(Scaled.times(partner, NEVER)).sub(largest).exp()"),
    ("BYOL: the factor 2 dropped", OBJECTIVE + "Byol.java",
     "Scaled.times(cosine, -2).add(2)", "Scaled.times(cosine, -1).add(1)"),
    ("BYOL: one direction only", OBJECTIVE + "Byol.java",
     ".add(distances(second, firstTarget))", ".add(distances(first, secondTarget))"),
    ("BYOL: predictions not made unit length", OBJECTIVE + "Byol.java",
     "InfoNce.unit(predictions).mul(targets)", "predictions.mul(targets)"),
    ("BYOL: the target from the learning network, with gradient", OBJECTIVE + "Byol.java",
     "NDArray loss = distances(first, secondTarget)",
     "NDArray loss = distances(first, InfoNce.unit(query.project(batch.second(), weights)))"),
    ("AMDIM: regulariser after the clip", OBJECTIVE + "NceScores.java",
     "return raw.square().mean();", "return clipped.square().mean();"),
    ("AMDIM: scores not divided by the root of D", OBJECTIVE + "NceScores.java",
     "Scaled.times(antecedents, 1 / Math.sqrt((double) length))", "Scaled.times(antecedents, 1)"),
    ("AMDIM: hard clip", OBJECTIVE + "NceScores.java",
     "Scaled.times(Scaled.over(scores, clip).tanh(), clip)", "scores.clip(-clip, clip)"),
    ("AMDIM: the own image's other locations as negatives", OBJECTIVE + "NceScores.java",
     "clipped.add(neverOwn(clipped, images))", "clipped.add(Scaled.times(neverOwn(clipped, images), 0))"),
    ("AMDIM: directions summed, not averaged", OBJECTIVE + "AmdimLoss.java",
     "Scaled.over(forth.loss().add(back.loss()), 2)", "forth.loss().add(back.loss())"),
    ("AMDIM: the scale 1 to 7 left out", OBJECTIVE + "AmdimLoss.java",
     "oneToFive.loss().add(oneToSeven.loss()).add(fiveToFive.loss())", "oneToFive.loss().add(fiveToFive.loss())"),
    ("AMDIM mixture: entropy's sign", OBJECTIVE + "Mixture.java",
     "sum(new int[] {1}).neg(); // N×L", "sum(new int[] {1}); // N×L"),
    ("Memory bank: noise m/n dropped", OBJECTIVE + "BankLoss.java",
     "p.div(p.add(noise))", "p.div(p.add(1))"),
    ("Memory bank: rows not made unit length again", OBJECTIVE + "BankLoss.java",
     "return InfoNce.unit(Scaled.times(rows, momentum).add(Scaled.times(f, 1 - momentum)));",
     "return Scaled.times(rows, momentum).add(Scaled.times(f, 1 - momentum));"),
    ("Memory bank: the momentum on the new feature", OBJECTIVE + "BankLoss.java",
     "Scaled.times(rows, momentum).add(Scaled.times(f, 1 - momentum))",
     "Scaled.times(rows, 1 - momentum).add(Scaled.times(f, momentum))"),
    ("Memory bank: the own row among the negatives", OBJECTIVE + "BankContrast.java",
     "slot == own[i] ? NEVER : 0", "slot == own[i] ? 0 : 0"),
    ("End-to-end: keys as constants", OBJECTIVE + "EndToEnd.java",
     "contrast(queries, keys, temperature, symmetric);\n", "contrast(queries, keys.stopGradient(), temperature, symmetric);\n"),
    ("End-to-end: symmetric as a sum", OBJECTIVE + "EndToEnd.java",
     "Scaled.over(forth.losses().add(back.losses()), 2)", "forth.losses().add(back.losses())"),
    ("Momentum: m and 1 − m exchanged", OPTIMISER + "MovingAverage.java",
     "target.muli((float) momentum).addi(share)", "target.muli((float) (1 - momentum)).addi(share)"),
    ("Momentum: batch-norm buffers averaged too", OPTIMISER + "MovingAverage.java",
     "target.muli((float) momentum).addi(share);",
     "target.muli((float) momentum).addi(share);\n"
     "            key.buffers().muli((float) momentum).addi(query.buffers().get(\"0:\" + key.buffers().size()).mul((float) (1 - momentum)));"),
    ("Momentum: the cosine falls", OBJECTIVE + "EncoderMomentum.java",
     "Math.min(1, t / lastStep)) + 1) / 2", "(1 - Math.min(1, t / lastStep))) + 1) / 2"),
    ("Batch norm: running variance from the biased one", NETWORK + "BatchNormLayer.java",
     "return BatchNorm.batchNorm(x, mean, variance, scale, shift, 1, decay, epsilon, training)",
     "long n = x.size() / x.getShape().get(1);\n"
     "        NDArray kept = variance.mul(decay);\n"
     "        NDArray y = BatchNorm.batchNorm(x, mean, variance, scale, shift, 1, decay, epsilon, training).singletonOrThrow();\n"
     "        if (training) {\n"
     "            variance.subi(kept).muli((float) (n - 1) / n).addi(kept);\n"
     "        }\n"
     "        return new NDList(y)"),
    ("Batch norm: split contiguous where interleaved is meant", OBJECTIVE + "KeyOrder.java",
     "case SPLIT -> new KeyOrder(BatchNormMode.interleaved(devices)", "case SPLIT -> new KeyOrder(BatchNormMode.contiguous(devices)"),
    ("Batch norm: keys not shuffled", OBJECTIVE + "KeyOrder.java",
     "BatchNormMode.contiguous(devices), true, seed", "BatchNormMode.contiguous(devices), false, seed"),
    ("Batch norm: shuffled keys not put back", NETWORK + "RowOrder.java",
     "inverse(permutation));", "permutation);"),
    ("SGD: weight decay left out of the velocity", OPTIMISER + "Sgd.java",
     "gradient.addi(decay); // d = g + λw", "parameters.subi(decay.muli((float) learningRate));"),
    ("LARS: forms exchanged", OPTIMISER + "Lars.java",
     "config.larsForm() == LarsForm.INSIDE", "config.larsForm() != LarsForm.INSIDE"),
    ("LARS: biases and batch norm adapted too", OPTIMISER + "Lars.java",
     "slice.dimensions() > 1", "slice.dimensions() > 0"),
    ("AdamW: decay through the gradient", OPTIMISER + "AdamW.java",
     "parameters.muli((float) (1 - learningRate * config.weightDecay()));",
     "gradient.addi(parameters.mul((float) config.weightDecay()));"),
    ("AdamW: no correction of the second moment", OPTIMISER + "AdamW.java",
     "Math.sqrt(squareShare)", "1"),
    ("Clip: one side only", OPTIMISER + "Clip.java",
     "gradient.clip(-config.clipValue(), config.clipValue())", "gradient.clip(-1e30, config.clipValue())"),
    ("Rate: warm-up one step late", OPTIMISER + "LearningRate.java",
     "return peak * step / config.warmupSteps();", "return peak * (step - 1) / config.warmupSteps();"),
]


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, **options)


def libraries():
    if not glob.glob(LIBRARIES + "/*console*"):
        for artifact in ["org.junit.platform:junit-platform-console-standalone:1.14.1", "org.assertj:assertj-core:3.27.7",
                         "net.bytebuddy:byte-buddy:1.18.3"]:
            done = run("mvn", "-B", "-q", "dependency:copy", "-Dartifact=" + artifact, "-DoutputDirectory=" + LIBRARIES, cwd=HOME)
            if done.returncode != 0:
                sys.exit(f"cannot fetch {artifact}:\n{done.stdout[-500:]}")


def class_path():
    folders = [f"{HOME}/{module}/target/{kind}" for module in MODULES for kind in ["test-classes", "classes"]]
    missing = [folder for folder in folders if not os.path.isdir(folder)]
    if missing or not glob.glob(HOME + "/app/target/lib/*.jar"):
        sys.exit("not built: " + (missing + ["app/target/lib"])[0] + " is missing. Run mvn verify first.")
    return ":".join(folders + [HOME + "/app/target/lib/*", LIBRARIES + "/*"])


def environment():
    """As the launchers have it: native.env."""
    shell = run("bash", "-c", f'set -a; . "{HOME}/native.env"; env -0')
    return dict(line.split("=", 1) for line in shell.stdout.split("\0") if "=" in line)


def failures(before, path, env, modules):
    """The tests of these modules that fail, or an empty list."""
    found = []
    for module, selectors in [
        ("trainer", ["-p", "org.millrace.trainer.objective", "-p", "org.millrace.trainer.optimiser",
                     "-c", "org.millrace.trainer.TrajectoryVectorTest", "-c", "org.millrace.trainer.LearnerOptimiserTest",
                     "-m", "org.millrace.trainer.LearnerTest#step_moco_keyNetworkFollowsSlowlyAndKeepsItsOwnStatistics"]),
        ("encoder", ["-c", "org.millrace.encoder.network.BatchNormVectorsTest"]),
    ]:
        if module not in modules:
            continue
        ran = 0
        with tempfile.TemporaryDirectory() as reports_folder:
            done = run("java", "-Xmx2g", "-Dai.djl.offline=true", "-Dai.djl.pytorch.num_interop_threads=1", "-cp", before + path,
                       "org.junit.platform.console.ConsoleLauncher", "execute", *selectors, "--details=none",
                       "--reports-dir=" + reports_folder, cwd=os.path.join(HOME, module), env=env)
            reports = glob.glob(reports_folder + "/*.xml")
            for report in reports:
                for case in xml.etree.ElementTree.parse(report).iter("testcase"):
                    ran += 1
                    if case.find("failure") is not None or case.find("error") is not None:
                        found.append(re.split(r"[(\[]", case.get("name"))[0])
        if not ran:
            sys.exit("the tests did not run:\n" + (done.stdout + done.stderr)[-2000:])
    return list(dict.fromkeys(found))


def main():
    part = sys.argv[1] if len(sys.argv) > 1 else ""
    libraries()
    path = class_path()
    env = environment()
    right = failures("", path, env, MODULES)
    if right:
        sys.exit(f"without a mistake these fail: {right}")
    unnoticed = 0
    print("| mistake | found by |\n| --- | --- |")
    for name, file, there, mistake in MISTAKES:
        if part.lower() not in name.lower():
            continue
        with open(os.path.join(HOME, file)) as source:
            text = source.read()
        if text.count(there) != 1:
            sys.exit(f"{name}: {file} has {text.count(there)} places that read {there!r}, wanted 1")
        with tempfile.TemporaryDirectory() as aside:
            copy = os.path.join(aside, os.path.basename(file))
            with open(copy, "w") as target:
                target.write(text.replace(there, mistake))
            classes = os.path.join(aside, "classes")
            done = run("javac", "-nowarn", "-proc:none", "-d", classes, "-cp", path, copy)
            if done.returncode != 0:
                sys.exit(f"{name}: does not compile\n{done.stderr[:800]}")
            by = failures(classes + ":", path, env, {"trainer", file.split("/")[0]})
        unnoticed += not by
        print(f"| {name} | {', '.join('`' + test + '`' for test in by) if by else '**nothing**'} |", flush=True)
    sys.exit(1 if unnoticed else 0)


if __name__ == "__main__":
    main()
