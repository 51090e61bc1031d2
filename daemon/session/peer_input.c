#include "daemon/session/peer.h"

#include <errno.h>

#include "daemon/bounds.h"
#include "daemon/edge/stream.h"
#include "daemon/session/audit.h"
#include "proto/interface.h"

/* Whatever else it sent stays where it is. */
static void peer_refuse_descriptors(struct peer *peer)
{
        static const char parameters[] = "{\"reason\":\"descriptors were passed with it\",\"offset\":0}";

        if (peer_runs_call(peer)) {
                peer_drop_output(peer, "descriptors");
                return;
        }
        audit_closed(peer, "descriptors");
        peer->request.mode = REPLY_ONCE;
        peer_error(peer, IO_SVCBROKER ".InvalidMessage", parameters);
        peer_finish(peer);
}

void peer_receive(struct peer *peer)
{
        for (int i = 0; i < PEER_READS_PER_TURN && peer_state_reads(peer->state); i++) {
                size_t room;
                char *bytes = frame_buffer_reserve(&peer->in, &room);
                ssize_t length;

                if (!bytes) {
                        if (room) /* it is not full: there is no memory */
                                peer_finish(peer);
                        return;
                }
                length = stream_receive(&peer->server->streams, peer->fd, bytes, room);
                if (length < 0 && errno == EINTR)
                        continue;
                if (length < 0 && errno == EAGAIN)
                        return;
                if (length < 0 && errno == EBADMSG) {
                        peer_refuse_descriptors(peer);
                        return;
                }
                if (length <= 0) {
                        peer_follow(peer, PEER_EVENT_END);
                        return;
                }
                frame_buffer_commit(&peer->in, (size_t)length);
                peer_charge(peer);
                if (peers_is_over_memory(&peer->server->peers, peer)) {
                        peer_drop_output(peer, "input-bound");
                        return;
                }
                if ((size_t)length < room)
                        return;
        }
}
