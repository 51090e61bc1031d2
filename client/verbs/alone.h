/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_VERBS_ALONE_H
#define CLIENT_VERBS_ALONE_H

struct json_object;
struct session;

/*
 * Tells of each of these profiles, an array of names, that is not on the volume. A gateway may be made before
 * its profile; but one with a mistyped name is made in the same way, and runs. If the volume cannot be looked
 * at, nothing is told.
 */
void alone_tell(struct session *session, struct json_object *profiles);

#endif
