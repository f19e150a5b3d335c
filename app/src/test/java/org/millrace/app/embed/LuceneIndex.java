package org.millrace.app.embed;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.document.StringField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.KnnFloatVectorQuery;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.store.ByteBuffersDirectory;

/** A vector index as docs/embeddings.md shows one: Lucene's HNSW graph over embeddings by their keys, by cosine. The owner closes it. */
final class LuceneIndex implements AutoCloseable {
    private static final String KEY = "key";
    private static final String VECTOR = "vector";

    private final ByteBuffersDirectory directory = new ByteBuffersDirectory();
    private final DirectoryReader reader;
    private final IndexSearcher searcher;

    LuceneIndex(Map<String, float[]> embeddings) throws IOException {
        try (IndexWriter writer = new IndexWriter(directory, new IndexWriterConfig())) {
            for (Map.Entry<String, float[]> embedding : embeddings.entrySet()) {
                Document document = new Document();
                document.add(new StringField(KEY, embedding.getKey(), Field.Store.YES));
                document.add(new KnnFloatVectorField(VECTOR, embedding.getValue(), VectorSimilarityFunction.COSINE));
                writer.addDocument(document);
            }
        }
        this.reader = DirectoryReader.open(directory);
        this.searcher = new IndexSearcher(reader);
    }

    /** The keys of the k nearest to a query, nearest first, without the query's own. */
    List<String> nearest(float[] query, String own, int k) throws IOException {
        List<String> keys = new ArrayList<>();
        for (ScoreDoc hit : searcher.search(new KnnFloatVectorQuery(VECTOR, query, k + 1), k + 1).scoreDocs) {
            String key = searcher.storedFields().document(hit.doc).get(KEY);
            if (!key.equals(own) && keys.size() < k) {
                keys.add(key);
            }
        }
        return keys;
    }

    @Override
    public void close() throws IOException {
        reader.close();
        directory.close();
    }
}
