package org.millrace.app.embed;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.OutFile;

/** Columns {@code name} (string) and {@code embedding} (list of floats); the encoder's version is in the file's metadata. */
final class ParquetFile implements EmbeddingFile {
    private static final MessageType SCHEMA = MessageTypeParser.parseMessageType("""
            message embeddings {
              required binary name (STRING);
              required group embedding (LIST) {
                repeated group list {
                  required float element;
                }
              }
            }
            """);

    private final Path file;
    private final ParquetWriter<Row> writer;

    ParquetFile(Path file, long version) throws IOException {
        this.file = file;
        Files.deleteIfExists(OutFile.aside(file));
        this.writer = new Builder(new LocalOutputFile(OutFile.aside(file)))
                .withConf(new PlainParquetConfiguration())
                .withWriteMode(ParquetFileWriter.Mode.CREATE)
                .withDictionaryEncoding(false) // features hardly ever repeat
                .withExtraMetaData(Map.of("millrace.encoder.version", String.valueOf(version)))
                .build();
    }

    @SuppressWarnings("ArrayRecordComponent")
    private record Row(String name, float[] features) {}

    @Override
    public void append(List<String> names, List<float[]> rows) throws IOException {
        for (int i = 0; i < names.size(); i++) {
            writer.write(new Row(names.get(i), rows.get(i)));
        }
    }

    @Override
    public void finish() throws IOException {
        writer.close();
        OutFile.rename(file);
    }

    @Override
    public void close() throws IOException {
        writer.close();
        OutFile.remove(file);
    }

    @SuppressWarnings("deprecation") // Parquet still requires the overload with Hadoop's configuration
    private static final class Builder extends ParquetWriter.Builder<Row, Builder> {
        Builder(OutputFile file) {
            super(file);
        }

        @Override
        protected Builder self() {
            return this;
        }

        @Override
        protected WriteSupport<Row> getWriteSupport(@Nullable Configuration unused) {
            return new RowSupport();
        }

        @Override
        protected WriteSupport<Row> getWriteSupport(org.apache.parquet.conf.@Nullable ParquetConfiguration unused) {
            return new RowSupport();
        }
    }

    /** A row in Parquet's columns. */
    @SuppressWarnings("deprecation")
    private static final class RowSupport extends WriteSupport<Row> {
        private @Nullable RecordConsumer columns;

        @Override
        public WriteContext init(@Nullable Configuration unused) {
            return new WriteContext(SCHEMA, Map.of());
        }

        @Override
        public WriteContext init(org.apache.parquet.conf.@Nullable ParquetConfiguration unused) {
            return new WriteContext(SCHEMA, Map.of());
        }

        @Override
        public void prepareForWrite(RecordConsumer recordConsumer) {
            this.columns = recordConsumer;
        }

        @Override
        public void write(Row row) {
            RecordConsumer out = java.util.Objects.requireNonNull(columns, "prepareForWrite comes first");
            out.startMessage();
            out.startField("name", 0);
            out.addBinary(Binary.fromString(row.name()));
            out.endField("name", 0);
            out.startField("embedding", 1);
            out.startGroup();
            out.startField("list", 0);
            for (float feature : row.features()) {
                out.startGroup();
                out.startField("element", 0);
                out.addFloat(feature);
                out.endField("element", 0);
                out.endGroup();
            }
            out.endField("list", 0);
            out.endGroup();
            out.endField("embedding", 1);
            out.endMessage();
        }
    }
}
