/* SPDX-License-Identifier: ISC */
#include "daemon/session/peer.h"

#include "daemon/bounds.h"
#include "daemon/session/errors.h"
#include "proto/call.h"
#include "proto/limits.h"

/* Replies, as methods make them. */

void peer_reply(struct peer *peer, const char *parameters, size_t length, bool continues)
{
        if (length > LIMIT_OUTPUT_BYTES - REPLY_MESSAGE_BYTES)
                errors_limit(peer, "output_bytes", LIMIT_OUTPUT_BYTES);
        else
                peer_append_reply(peer, parameters, length, continues);
}

void peer_reply_text(struct peer *peer, struct text *parameters, bool continues)
{
        if (parameters->failed)
                peer_finish(peer);
        else
                peer_reply(peer, parameters->bytes, parameters->length, continues);
        text_deinit(parameters);
}

struct text *peer_reply_begin(struct peer *peer)
{
        peer->request.reply_at = peer->out.length;
        reply_write_begin(&peer->out);
        return &peer->out;
}

void peer_reply_end(struct peer *peer, bool continues)
{
        struct text *out = &peer->out;

        if (!out->failed && out->length - peer->request.reply_at > LIMIT_OUTPUT_BYTES) {
                out->length = peer->request.reply_at;
                errors_limit(peer, "output_bytes", LIMIT_OUTPUT_BYTES);
                return;
        }
        if (peer->request.mode == REPLY_NONE)
                out->length = peer->request.reply_at;
        else
                reply_write_end(out, continues);
        if (!continues)
                peer_end_call(peer);
        peer_reply_part(peer);
}

void peer_reply_last(struct peer *peer)
{
        reply_write_end(&peer->out, false);
        peer_end_call(peer);
        peer_reply_part(peer);
}
