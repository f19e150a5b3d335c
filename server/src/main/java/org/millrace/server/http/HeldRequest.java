package org.millrace.server.http;

import java.nio.ByteBuffer;
import java.util.Deque;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;

/**
 * A request whose body is in memory, so that reading it never blocks; each block is released once read. Its content type has no
 * {@code charset}: images need none, and the server's libraries fail on unknown charsets.
 */
final class HeldRequest extends Request.Wrapper {
    private static final String MULTIPART = "multipart/";

    private final Deque<ByteBuffer> blocks;
    private final HttpFields headers;

    HeldRequest(Request request, Deque<ByteBuffer> blocks) {
        super(request);
        this.blocks = blocks;
        this.headers = withoutCharset(request.getHeaders());
    }

    @Override
    public HttpFields getHeaders() {
        return headers;
    }

    @Override
    public Content.Chunk read() {
        ByteBuffer next = blocks.poll();
        return next == null ? Content.Chunk.EOF : Content.Chunk.from(next, blocks.isEmpty());
    }

    @Override
    public void demand(Runnable available) {
        getContext().execute(available);
    }

    @Override
    public void fail(Throwable failure) {
        blocks.clear();
        super.fail(failure);
    }

    private static HttpFields withoutCharset(HttpFields headers) {
        String type = headers.get(HttpHeader.CONTENT_TYPE);
        if (type == null) {
            return headers;
        }
        String bare = Bodies.bare(type);
        // keep a form's boundary
        String kept =
                bare.startsWith(MULTIPART) ? type.replaceAll("(?i);\\s*charset\\s*=\\s*(\"[^\"]*\"|[^;]*)", "") : bare;
        return HttpFields.build(headers).put(HttpHeader.CONTENT_TYPE, kept).asImmutable();
    }
}
