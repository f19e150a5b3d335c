package org.millrace.encoder;

import java.util.Map;
import java.util.Set;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.network.VisionTransformer;
import org.millrace.encoder.network.VisionTransformer.Specification;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Position embeddings of a transformer for an input of another size: bicubic as timm resamples them (PyTorch's {@code
 * interpolate(mode="bicubic", antialias=True, align_corners=False)}: Keys' kernel with a = −½, stretched where the grid shrinks). DINOv2's own
 * code differs: there a = −¾, without antialiasing unless it has registers. The class token's embedding stays.
 */
final class Positions {
    private static final Logger log = LoggerFactory.getLogger(Positions.class);
    private static final double SHARPNESS = -0.5; // Keys' a
    private static final int SUPPORT = 2; // of the kernel, each side

    private Positions() {}

    /**
     * The file's tensors with positions of the network's grid; unchanged where they fit already, or are none of a grid, which the
     * comparison of shapes then says.
     */
    static Safetensors fitted(Safetensors file, Specification network) {
        if (!file.names().contains(VisionTransformer.POSITIONS)) {
            return file;
        }
        long[] shape = file.shape(VisionTransformer.POSITIONS);
        int before = network.embedded() - network.patches(); // the class token's
        if (shape.length != 3 || shape[0] != 1 || shape[2] != network.width() || shape[1] <= before) {
            return file;
        }
        int patches = Math.toIntExact(shape[1]) - before;
        int rows = rows(file.metadata(), patches, network);
        if (rows == 0 || (rows == network.rows() && patches == network.patches())) {
            return file;
        }
        float[] values = file.tensor(VisionTransformer.POSITIONS, shape);
        int width = network.width();
        float[] resampled = new float[network.embedded() * width];
        System.arraycopy(values, 0, resampled, 0, before * width);
        float[] grid = new float[patches * width];
        System.arraycopy(values, before * width, grid, 0, grid.length);
        float[] made = resampled(grid, rows, patches / rows, network.rows(), network.columns(), width);
        System.arraycopy(made, 0, resampled, before * width, made.length);
        log.info(
                "position embeddings of {}×{} patches are resampled to {}×{} (bicubic)",
                rows,
                patches / rows,
                network.rows(),
                network.columns());
        return file.replaced(
                Set.of(),
                new Safetensors.Builder()
                        .add(VisionTransformer.POSITIONS, new long[] {1, network.embedded(), width}, resampled)
                        .build());
    }

    // rows of the file's grid: what our own files say, else the network's where the number is right, else a square; 0
    // where it is none
    private static int rows(Map<String, String> metadata, int patches, Specification network) {
        String height = metadata.getOrDefault("millrace.encoder.height", "");
        String patch = metadata.getOrDefault("millrace.encoder.patch", "");
        if (height.matches("\\d{1,4}") && patch.matches("[1-9]\\d?")) {
            int rows = Integer.parseInt(height) / Integer.parseInt(patch);
            if (rows > 0 && patches % rows == 0) {
                return rows;
            }
        }
        int side = (int) Math.round(Math.sqrt(patches));
        return patches == network.patches() ? network.rows() : side * side == patches ? side : 0;
    }

    /** A grid of rows × columns × width values at newRows × newColumns places. */
    static float[] resampled(float[] grid, int rows, int columns, int newRows, int newColumns, int width) {
        double[][] down = weights(rows, newRows);
        double[][] across = weights(columns, newColumns);
        float[] made = new float[newRows * newColumns * width];
        for (int row = 0; row < newRows; row++) {
            for (int column = 0; column < newColumns; column++) {
                int to = (row * newColumns + column) * width;
                for (int channel = 0; channel < width; channel++) {
                    double sum = 0;
                    for (int i = 0; i < rows; i++) {
                        for (int j = 0; down[row][i] != 0 && j < columns; j++) {
                            sum += down[row][i] * across[column][j] * grid[(i * columns + j) * width + channel];
                        }
                    }
                    made[to + channel] = (float) sum;
                }
            }
        }
        return made;
    }

    // of each old place for each new one; they sum to 1
    private static double[][] weights(int from, int to) {
        double scale = (double) from / to;
        double stretch = Math.max(1, scale);
        double[][] weights = new double[to][from];
        for (int place = 0; place < to; place++) {
            double centre = scale * (place + 0.5);
            int first = (int) Math.max(0, Math.floor(centre - SUPPORT * stretch + 0.5));
            int end = (int) Math.min(from, Math.floor(centre + SUPPORT * stretch + 0.5));
            double sum = 0;
            for (int i = first; i < end; i++) {
                weights[place][i] = kernel((i + 0.5 - centre) / stretch);
                sum += weights[place][i];
            }
            for (int i = first; i < end; i++) {
                weights[place][i] /= sum;
            }
        }
        return weights;
    }

    // Keys 1981
    private static double kernel(double distance) {
        double x = Math.abs(distance);
        double a = SHARPNESS;
        if (x < 1) {
            return ((a + 2) * x - (a + 3)) * x * x + 1;
        }
        return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
    }
}
